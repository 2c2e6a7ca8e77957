import Dispatch
import Logging
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// The agent's log of one attempt: reasons, decisions, processes that were started, signalled and gone, deadlines.
///
/// Levels: `info` for the life of the node and of the gang, `notice` and `warning` for what ends them, `debug` for every
/// event and action, by name alone: what they carry can hold a person's environment and parameters.
struct AgentLog: Sendable {
    private let log: Logger

    init(_ log: Logger) { self.log = log }

    /// The name of an enum's case.
    private static func name(_ value: Any) -> String {
        Mirror(reflecting: value).children.first?.label ?? "\(value)"
    }

    // MARK: The attempt

    func began(_ spec: NodeSpec) {
        self.log.info(
            "the agent has its specification",
            metadata: [
                "size": "\(spec.size)", "address": "\(spec.address)",
                "framework": "\(spec.framework?.name ?? "none")", "reusable": "\(spec.reusable)",
            ])
        self.log.debug(
            "deadlines of the attempt",
            metadata: [
                "rendezvous": "\(spec.rendezvousDeadline)", "timeout": "\(spec.timeout.map { "\($0)" } ?? "none")",
                "grace": "\(spec.grace)", "failureGrace": "\(spec.failureGrace)",
            ])
    }

    func ended(_ exit: Agent.Exit) {
        self.log.info("the agent has done with the attempt", metadata: ["exit": "\(exit)"])
    }

    func hears(_ event: AttemptStateMachine.Event) {
        switch event {
        case .stop(let failure, _): self.log.notice("the attempt is to end", metadata: Self.fields(failure))
        case .engineGone(let reason, _): self.log.warning("the engine is gone", metadata: ["reason": "\(reason)"])
        case .rendezvousDeadline: self.log.debug("the rendezvous deadline has passed")
        case .controlLost(let reason, _):
            self.log.warning("the control node is lost", metadata: ["reason": "\(reason)"])
        case .partingDeadline: self.log.warning("the control node has not closed the connection in time")
        case .gangOver(let report): self.over(report)
        case .reportWritten(_, let problem?):
            self.log.error("the report could not be written", metadata: ["problem": "\(problem)"])
        case .nodeReleased, .reportWritten: break
        }
    }

    private func over(_ report: GangReport) {
        guard let failure = report.failure else { return self.log.info("the gang has succeeded") }
        self.log.warning("the gang has failed", metadata: Self.fields(failure))
    }

    /// An event that cannot happen in the phase that something is in.
    func refuses(_ error: any Error) { self.log.error("\(error)") }

    // MARK: The gang

    func listens(port: Int) { self.log.info("the control node takes connections", metadata: ["port": "\(port)"]) }

    func hears(_ event: ControlStateMachine.Event) {
        switch event {
        case .hello(let hello):
            self.log.debug(
                "a node says hello",
                metadata: ["peer": "\(hello.node.index)", "address": "\(hello.node.address)"])
        case .lost(let node, let reason):
            self.log.warning(
                "the connection of a node has ended", metadata: ["peer": "\(node)", "reason": "\(reason)"])
        case .stop(let failure): self.log.notice("the gang is stopped", metadata: Self.fields(failure))
        case .timeout: self.log.warning("the step's timeout has passed")
        case .rendezvousDeadline: self.log.warning("the rendezvous deadline has passed")
        case .broadcastFailed(let broadcast, let error):
            self.log.warning("a broadcast has failed", metadata: ["broadcast": "\(broadcast)", "problem": "\(error)"])
        case .message(let message, let node):
            self.log.debug(
                "a message of a node", metadata: ["peer": "\(node)", "message": "\(Self.name(message))"])
        default: self.log.debug("an event of the gang", metadata: ["event": "\(Self.name(event))"])
        }
    }

    func performs(_ action: ControlStateMachine.Action) {
        switch action {
        case .admit(let node): self.log.info("a node is admitted", metadata: ["peer": "\(node)"])
        case .refuse(let reason): self.log.warning("a node is refused", metadata: ["reason": "\(reason)"])
        case .renumber(let nodes):
            self.log.notice("the gang starts without some nodes", metadata: ["nodes": "\(nodes.count)"])
        case .start(let timeout, let setupDeadline):
            self.log.debug(
                "the rendezvous is complete",
                metadata: [
                    "timeout": "\(timeout.map { "\($0)" } ?? "none")",
                    "setupDeadline": "\(setupDeadline.map { "\($0)" } ?? "none")",
                ])
        case .awaitAccount(_, let seconds):
            self.log.debug("nodes have time to report", metadata: ["seconds": "\(seconds)"])
        case .send(.roster, let nodes): self.log.info("the gang has formed", metadata: ["nodes": "\(nodes.count)"])
        case .send(.release(let failure?), let nodes):
            self.log.notice(
                "nodes are told to end", metadata: Self.fields(failure).merging(["peers": "\(nodes.count)"]) { $1 })
        case .status(.ended(let node, let status)):
            self.log.log(
                level: status == .succeeded ? .debug : .notice, "a node has ended",
                metadata: ["peer": "\(node)", "status": "\(status.rawValue)"])
        case .blame(let node, let rule):
            self.log.error("a node broke the gang protocol", metadata: ["peer": "\(node)", "rule": "\(rule)"])
        case .print(let line): self.log.warning("\(line)")
        default: self.log.debug("an action of the gang", metadata: ["action": "\(Self.name(action))"])
        }
    }

    func connects(to address: String, port: Int) {
        self.log.debug("the worker connects", metadata: ["address": "\(address)", "port": "\(port)"])
    }

    func retries(after seconds: Double) {
        self.log.debug("the worker connects again", metadata: ["seconds": "\(seconds)"])
    }

    // MARK: The node

    func hears(_ event: NodeEvent) {
        switch event {
        case .exited(let process, let status, _):
            self.log.log(
                level: status == .exited(0) ? .info : .warning, "a process has ended",
                metadata: ["process": "\(process)", "status": "\(status)"])
        case .failed(let failure): self.log.warning("this node has to end", metadata: Self.fields(failure))
        case .couldNotStart(let code, let reason):
            self.log.warning("the step could not start", metadata: ["code": "\(code.rawValue)", "reason": "\(reason)"])
        case .notStarted(let process, let reason):
            self.log.warning("a process could not start", metadata: ["process": "\(process)", "reason": "\(reason)"])
        case .logFailed(let reason): self.log.error("the node's log failed", metadata: ["reason": "\(reason)"])
        case .foundStopped(let processes) where !processes.isEmpty:
            let pids = processes.map { "\($0.identity.pid)" }.joined(separator: ",")
            self.log.debug("processes are stopped by a signal", metadata: ["pids": "\(pids)"])
        case .control(.release(let failure), _):
            let fields: Logger.Metadata = failure.map { Self.fields($0) } ?? [:]
            self.log.info("the control node releases this node", metadata: fields)
        case .control(let message, _):
            self.log.debug("a message of the control node", metadata: ["message": "\(Self.name(message))"])
        case .cleared(let isReusable):
            self.log.info(
                "no process is left below the agent",
                metadata: ["folder": isReusable ? "emptied for the next attempt" : "removed"])
        case .tick: break
        default: self.log.debug("an event", metadata: ["event": "\(Self.name(event))"])
        }
    }

    func performs(_ action: NodeAction) {
        switch action {
        case .startBody(_, let hasBody): self.log.info(hasBody ? "the step body is started" : "this node has no body")
        case .spawnStep: self.log.notice("the step is started without its server")
        case .start(let process, let planned, _):
            self.log.info(
                "a process is started",
                metadata: ["process": "\(process)", "program": "\(planned.arguments.first ?? "")"])
        case .startService(let id, let service, let seconds):
            self.log.info(
                "a service is started",
                metadata: [
                    "service": "\(id)", "program": "\(service.process.arguments.first ?? "")",
                    "readyWithin": "\(seconds)",
                ])
        case .terminate(let process):
            self.log.notice("SIGTERM is sent to a process", metadata: ["process": "\(process)"])
        case .endRound(let round):
            self.log.info(
                "the processes of a launch are ended: SIGTERM, then SIGKILL",
                metadata: ["launch": "\(round.round)", "processes": "\(round.processes.count)"])
        case .clear(let clearing):
            self.log.info(
                "everything below the agent is ended: SIGTERM, then SIGKILL", metadata: ["grace": "\(clearing.grace)"])
        case .after(let seconds, let event):
            self.log.debug(
                "a deadline is set", metadata: ["event": "\(Self.name(event))", "seconds": "\(seconds)"])
        case .followLogs, .lookForLockFiles, .lookForStopped: break
        default: self.log.debug("an action", metadata: ["action": "\(Self.name(action))"])
        }
    }

    /// - Parameter left: Processes that SIGKILL did not end.
    func leaves(_ left: [ProcessIdentity]) {
        guard !left.isEmpty else { return }
        self.log.error(
            "processes could not be ended", metadata: ["pids": "\(left.map { "\($0.pid)" }.joined(separator: ","))"])
    }

    private static func fields(_ failure: TaskFailure) -> Logger.Metadata {
        var fields: Logger.Metadata = ["code": "\(failure.code.rawValue)", "failure": "\(failure.message)"]
        if let node = failure.node { fields["cause"] = "\(node)" }
        return fields
    }
}

extension ProgramLog {
    /// The log of an agent, beside its node's log.
    convenience init(of spec: NodeSpec, on queue: DispatchQueue) {
        self.init(
            path: StoreLayout(root: spec.store).agentLogFile(spec.attempt, node: spec.index), process: LogProcess.agent,
            queue: queue)
    }
}

extension Logger {
    /// A logger for the attempt of an agent.
    init(_ log: ProgramLog, of spec: NodeSpec) {
        self.init(
            log, level: spec.times.logLevel,
            [
                "run": "\(spec.attempt.flow)/\(spec.attempt.run)", "task": "\(spec.attempt.step)/\(spec.attempt.task)",
                "attempt": "\(spec.attempt.attempt)", "node": "\(spec.index)",
            ])
    }
}
