import Logging
import MusterModel
import MusterProcess

/// The lines of this place in the engine's log: every process that is started, signalled and gone.
struct LocalLog: Sendable {
    private let log: Logger

    init(_ log: Logger) { self.log = log }

    func started(_ agent: LocalAgent, _ attempt: AttemptID) {
        self.log.info("an agent is started", metadata: Self.fields(attempt, agent))
    }

    func reused(_ agent: LocalAgent, _ attempt: AttemptID) {
        self.log.debug("an agent takes another attempt", metadata: Self.fields(attempt, agent))
    }

    func exited(_ agent: LocalAgent, _ status: ExitStatus) {
        var fields = Self.fields(agent.lastAttempt, agent)
        fields["status"] = "\(status)"
        self.log.log(level: status == .exited(0) ? .info : .warning, "an agent has exited", metadata: fields)
    }

    func stopped(_ agent: LocalAgent) {
        self.log.warning("an agent is stopped by a signal", metadata: Self.fields(agent.lastAttempt, agent))
    }

    func performs(_ effect: RunningGang.Effect, _ attempt: AttemptID) {
        switch effect {
        // They are many, and told by others.
        case .write, .observe: return
        case .dismiss, .kill, .wait, .sweep: break
        }
        var fields = Self.fields(attempt, nil)
        switch effect {
        case .write, .observe: break
        case .dismiss(let process):
            fields["pid"] = "\(process.pid)"
            self.log.info("an agent is dismissed: its standard input ends", metadata: fields)
        case .kill(let process):
            fields["pid"] = "\(process.pid)"
            self.log.notice("SIGKILL is sent to an agent", metadata: fields)
        case .wait(let node, let seconds):
            (fields["node"], fields["seconds"]) = ("\(node)", "\(seconds)")
            self.log.debug("a deadline is set for an agent to exit", metadata: fields)
        case .sweep(let node):
            fields["node"] = "\(node)"
            self.log.notice("what a dead agent has left is ended", metadata: fields)
        }
    }

    func removed(_ folder: String, _ problem: String?) {
        if let problem {
            self.log.warning("a scratch folder stays", metadata: ["folder": "\(folder)", "problem": "\(problem)"])
        } else {
            self.log.debug("a scratch folder was removed", metadata: ["folder": "\(folder)"])
        }
    }

    func left(_ problem: String) { self.log.warning("left by an earlier engine: \(problem)") }

    private static func fields(_ attempt: AttemptID?, _ agent: LocalAgent?) -> Logger.Metadata {
        var fields: Logger.Metadata = [:]
        if let attempt {
            fields["task"] = "\(attempt.step)/\(attempt.task)"
            fields["attempt"] = "\(attempt.attempt)"
        }
        if let agent {
            fields["node"] = "\(agent.node)"
            if let pid = agent.process?.pid { fields["pid"] = "\(pid)" }
        }
        return fields
    }
}
