import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

extension ProcessExit {
    init(_ label: String, _ role: Role, _ status: ExitStatus, lastLines: [String]) {
        switch status {
        case .exited(let code): self.init(label: label, role: role, code: Int(code), signal: nil, lastLines: lastLines)
        case .signaled(let signal):
            self.init(label: label, role: role, code: nil, signal: Int(signal), lastLines: lastLines)
        }
    }
}

/// Sentences about a failure on a node: the node, the process, its end.
struct Blame: Sendable {
    let node: Int
    let size: Int
    let process: String

    init(node: Int, size: Int, process: String) {
        self.node = node
        self.size = size
        self.process = process
    }

    /// `rank 3 on node 1`; the node only where there are several.
    private var subject: String {
        let name = self.process == "step" ? "the step program" : self.process
        return self.size > 1 ? "\(name) on node \(self.node)" : name
    }

    func failure(_ status: ExitStatus, detail: String? = nil, lastLines: [String]) -> TaskFailure {
        let more = detail.map { ": \($0)" } ?? ""
        switch status {
        case .exited(let code):
            return TaskFailure(
                code: .exit, message: "\(self.subject) left with exit code \(code)\(more)", node: self.node,
                process: self.process, exitCode: Int(code), lastLines: lastLines)
        case .signaled(let signal):
            return TaskFailure(
                code: .signal, message: "\(self.subject) was ended by \(SignalName.describe(signal))\(more)",
                node: self.node,
                process: self.process, signal: Int(signal), lastLines: lastLines)
        }
    }

    /// The failure of an exit that a framework's reading blames.
    func failure(_ exit: ProcessExit, detail: String? = nil) -> TaskFailure {
        let status =
            exit.signal.map { ExitStatus.signaled(CInt($0)) } ?? .exited(CInt(truncatingIfNeeded: exit.code ?? 0))
        return self.failure(status, detail: detail, lastLines: exit.lastLines)
    }

    /// The body's own error, as the flow program described it.
    func failure(_ error: StepError, _ status: ExitStatus, lastLines: [String]) -> TaskFailure {
        // The timeout of the attempt is no node's fault.
        let isOfAll = error.code == .timeout
        let place = self.size > 1 && !isOfAll ? "node \(self.node): " : ""
        var code: Int?
        if case .exited(let number) = status, number != 0 { code = Int(number) }
        return TaskFailure(
            code: error.code, message: place + SummaryLine.of(error.message), node: isOfAll ? nil : self.node,
            process: self.process, exitCode: code,
            lastLines: lastLines, exception: error.exception)
    }

    func failure(_ code: TaskFailure.Code, _ message: String, lastLines: [String] = []) -> TaskFailure {
        let place = self.size > 1 ? "node \(self.node): " : ""
        return TaskFailure(
            code: code, message: place + message, node: self.node, process: self.process, lastLines: lastLines)
    }
}
