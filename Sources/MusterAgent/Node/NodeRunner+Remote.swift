import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// Commands that a launcher runs on other nodes, through the agents instead of ssh.
extension NodeRunner {
    // MARK: Asking, on the launcher's node

    /// A launcher on this node wants a command run on the node that it calls `host`.
    func reach(_ host: String, _ command: String, _ connection: SocketConnection) {
        guard let round = self.round, let remote = round.plan?.remote, !round.isStopping, self.spec.index == 0 else {
            return self.answer(
                connection,
                .failed(
                    failure: self.blame("step").failure(
                        .contract, "\(host) cannot be reached: only a launcher of a running launch reaches other nodes")
                ))
        }
        guard let node = remote.hosts[host] else {
            let known = remote.hosts.keys.sorted().joined(separator: ", ")
            return self.answer(
                connection,
                .failed(
                    failure: self.blame("step").failure(
                        .contract, "there is no node called \(host) in this gang; its nodes are \(known)")))
        }
        let id = self.remotes.add(connection)
        guard node != self.spec.index else { return self.startRemote(id, round.round, command) }
        self.toControl(.remoteRequested(id: id, node: node, round: round.round, command: command))
    }

    func remoteEnded(_ id: Int, _ code: Int) {
        guard let connection = self.remotes.take(id) else { return }
        self.answer(connection, .exited(code: code))
    }

    /// The launcher has given up on a command, or what it takes for ssh was killed. Launchers leave with code 0 after that,
    /// or wait for ever.
    func abandonRemotes(of connection: SocketConnection) {
        let abandoned = self.remotes.forget(connection)
        for id in abandoned {
            self.stopRemote(id)
            self.toControl(.remoteAbandoned(id: id))
        }
        guard !abandoned.isEmpty, let round = self.round, !round.isStopping, !self.isClearing,
            let launcher = round.plan?.processes.first?.label
        else { return }
        self.failRound(
            self.blame(launcher).failure(
                .lost, "\(launcher) lost its connection to another node while its command there still ran"))
    }

    // MARK: Running, on the node that was asked

    func startRemote(_ id: Int, _ round: LaunchRound, _ command: String) {
        guard let current = self.round, current.round == round, !current.isStopping, !self.isClearing else {
            return self.toControl(.remoteEnded(id: id, code: 255))
        }
        guard let plan = current.plan else {
            self.round?.early.append((id, command))
            return
        }
        let tail = OutputTail()
        let events = self.services.events
        let label = plan.remote?.label ?? "a command"
        // As sshd does it: the words are joined already, and the login shell is the plain one.
        let planned = PlannedProcess(
            label: label, arguments: ["/bin/sh", "-c", command], environment: self.environment,
            hostname: plan.remote?.hostname)
        do throws(AgentError) {
            let process = try self.spawn(
                planned, marks: [Self.mark: self.mark(round)], process: LogProcess.firstRemote + id, tail
            ) { events.yield(.remoteExited(id: id, round: round, $0)) }
            self.round?.remotes[id] = (process, tail)
        } catch {
            self.toControl(.remoteEnded(id: id, code: 127))
            self.judge(ProcessExit(label: label, role: .remote, code: 127, signal: nil, lastLines: [error.message]))
        }
    }

    func stopRemote(_ id: Int) {
        self.round?.abandoned.insert(id)
        self.round?.remotes[id]?.process.signalGroup(SIGTERM)
    }

    /// Seconds in which the programs below a daemon that has left by itself can tell of their own ends. They wait
    /// themselves for the end of a daemon that was killed, which is told at once.
    private static let precedence = 2 * RankVerb.precedence

    func remoteExited(_ id: Int, _ round: LaunchRound, _ status: ExitStatus) {
        guard let current = self.round, current.round == round, current.remotes[id] != nil else { return }
        guard Self.isOwnFailure(status), !current.wrappers.isEmpty, !current.isStopping else {
            return self.remoteOver(id, round, status)
        }
        let events = self.services.events
        self.services.reactor.schedule(after: Self.precedence) {
            events.yield(.remoteOver(id: id, round: round, status))
        }
    }

    /// What the end of a command means, and to whom it is told.
    func remoteOver(_ id: Int, _ round: LaunchRound, _ status: ExitStatus) {
        guard let current = self.round, current.round == round, let remote = current.remotes[id] else { return }
        self.round?.remotes[id] = nil
        // First the cause: once the launcher hears of the end it may leave.
        // A daemon that has killed its programs, and leaves, is no cause: the launcher that had it do so is about to say why.
        let isConsequence = current.hasLostWrapper && Self.isOwnFailure(status)
        if !current.abandoned.contains(id), !isConsequence {
            let label = current.plan?.remote?.label ?? "a command"
            self.judge(ProcessExit(label, .remote, Self.unwrapped(status), lastLines: remote.tail.lastLines))
        }
        let code =
            switch status {
            case .exited(let code): Int(code)
            case .signaled(let signal): 128 + Int(signal)
            }
        if self.spec.index == 0 { self.remoteEnded(id, code) } else { self.toControl(.remoteEnded(id: id, code: code)) }
    }

    private static func isOwnFailure(_ status: ExitStatus) -> Bool {
        if case .exited = self.unwrapped(status) { !status.isSuccess } else { false }
    }

    /// A shell whose command was ended by a signal leaves with 128 and the signal's number.
    private static func unwrapped(_ status: ExitStatus) -> ExitStatus {
        guard case .exited(let code) = status, (129...128 + 64).contains(code) else { return status }
        return .signaled(code - 128)
    }
}
