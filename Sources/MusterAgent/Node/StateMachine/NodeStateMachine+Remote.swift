import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// Commands that a launcher runs on other nodes, through the agents instead of ssh.
extension NodeStateMachine {
    /// Seconds for the programs below a daemon that has left by itself to report their own ends first. They in turn wait
    /// ``RankVerb/precedence`` for the end of a daemon that was killed, which is reported at once.
    static let precedence = 2 * RankVerb.precedence

    // MARK: On the launcher's node

    /// A launcher on this node runs a command on the node that it calls `host`.
    mutating func reach(_ host: String, _ command: String, _ connection: RequestConnection) {
        guard let round = self.round, let remote = round.plan.remote, !round.isEnding, self.spec.index == 0 else {
            return self.refuse(
                "\(host) cannot be reached: only a launcher of a running launch reaches other nodes", connection)
        }
        guard let node = remote.hosts[host] else {
            let known = remote.hosts.keys.sorted().joined(separator: ", ")
            return self.refuse("there is no node called \(host) in this gang; its nodes are \(known)", connection)
        }
        let id = self.remotes.add(connection)
        guard node != self.spec.index else { return self.startRemote(id, round.round, command) }
        self.emit(.ask(.remoteRequested(id: id, node: node, round: round.round, command: command)))
    }

    mutating func remoteEnded(_ id: Int, _ code: Int) {
        guard let connection = self.remotes.take(id) else { return }
        self.answer(connection, .exited(code: code))
    }

    /// The launcher has given up on its commands, or its substitute for ssh was killed. Launchers leave with code 0 after
    /// that, or wait for ever.
    mutating func abandonRemotes(of connection: RequestConnection) {
        let abandoned = self.remotes.forget(connection)
        for id in abandoned {
            self.stopRemote(id)
            self.emit(.ask(.remoteAbandoned(id: id)))
        }
        guard !abandoned.isEmpty, let round = self.round, !round.isEnding, !self.isEnding,
            let launcher = round.plan.processes.first?.label
        else { return }
        self.failRound(
            self.blame(launcher).failure(
                .lost, "\(launcher) lost its connection to another node while its command there still ran"))
    }

    // MARK: On the node that was asked

    mutating func startRemote(_ id: Int, _ round: LaunchRound, _ command: String) {
        guard let current = self.round, current.round == round, !current.isEnding, !self.isEnding else {
            return self.emit(.tell(.remoteEnded(id: id, code: 255)))
        }
        if case .planning(let early) = current.phase {
            self.round?.phase = .planning(early: early + [NodeRound.Command(id: id, text: command)])
            return
        }
        self.round?.remotes.insert(id)
        // As sshd does it: the words are joined already, and the login shell is /bin/sh.
        let planned = PlannedProcess(
            label: current.remoteLabel, arguments: ["/bin/sh", "-c", command],
            environment: self.environment.merging(current.plan.remote?.environment ?? [:]) { $1 },
            hostname: current.plan.remote?.hostname)
        self.emit(.start(.remote(round, id), planned, mark: self.mark(round)))
    }

    mutating func remoteNotStarted(_ id: Int, _ round: LaunchRound, _ reason: String) {
        guard let current = self.round, current.round == round else { return }
        self.round?.remotes.remove(id)
        self.emit(.tell(.remoteEnded(id: id, code: 127)))
        let label = current.remoteLabel
        self.judge(
            ProcessExit(label: label, role: .remote, code: 127, signal: nil, lastLines: ["\(label): \(reason)"]))
    }

    mutating func stopRemote(_ id: Int) {
        guard let round = self.round else { return }
        self.round?.abandoned.insert(id)
        if round.remotes.contains(id) { self.emit(.terminate(.remote(round.round, id))) }
    }

    mutating func remoteExited(_ id: Int, _ round: LaunchRound, _ status: ExitStatus, _ lastLines: [String]) {
        guard let current = self.round, current.round == round, current.remotes.contains(id) else { return }
        guard status.isOwnFailure, !current.wrappers.isEmpty, !current.isEnding else {
            return self.remoteOver(id, round, status, lastLines)
        }
        self.emit(
            .after(seconds: Self.precedence, .daemonJudged(id: id, round, status, lastLines: lastLines)))
    }

    /// Weighs the end of a command and answers the launcher.
    mutating func remoteOver(_ id: Int, _ round: LaunchRound, _ status: ExitStatus, _ lastLines: [String]) {
        guard let current = self.round, current.round == round, current.remotes.contains(id) else { return }
        self.round?.remotes.remove(id)
        // First the cause: once the launcher hears of the end it may leave. A daemon that has killed its programs, and
        // leaves, is no cause: the launcher that had it do so is about to report why.
        let isConsequence = current.suspicion == .lostWrapper && status.isOwnFailure
        if !current.abandoned.contains(id), !isConsequence {
            self.judge(ProcessExit(current.remoteLabel, .remote, status.unwrapped, lastLines: lastLines))
        }
        let code = status.shellCode
        if self.spec.index == 0 {
            self.remoteEnded(id, code)
        } else {
            self.emit(.tell(.remoteEnded(id: id, code: code)))
        }
    }
}

extension NodeRound {
    fileprivate var remoteLabel: String { self.plan.remote?.label ?? "a command" }
}

extension ExitStatus {
    /// The code with which a shell reports this end.
    fileprivate var shellCode: Int {
        switch self {
        case .exited(let code): Int(code)
        case .signaled(let signal): 128 + Int(signal)
        }
    }

    /// The end of a shell's command: a shell whose command was ended by a signal leaves with 128 and the signal's number.
    fileprivate var unwrapped: ExitStatus {
        guard case .exited(let code) = self, (129...128 + 64).contains(code) else { return self }
        return .signaled(code - 128)
    }

    /// It left by itself, with another code than 0.
    fileprivate var isOwnFailure: Bool {
        if case .exited = self.unwrapped { !self.isSuccess } else { false }
    }
}
