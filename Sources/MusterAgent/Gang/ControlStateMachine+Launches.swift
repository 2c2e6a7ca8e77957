import MusterModel
import MusterWire

/// The launches of the step, and the commands that a launcher runs on other nodes.
extension ControlStateMachine {
    mutating func applyLaunch(_ event: LaunchStateMachine.Event) {
        // While the gang is being released every node ends its own processes.
        guard self.isRunning else { return }
        do throws(IllegalLaunchEvent) {
            for action in try self.launches.handle(event) { self.perform(action) }
        } catch {
            self.misbehaves(event.node, "\(error)")
        }
    }

    private mutating func perform(_ action: LaunchStateMachine.Action) {
        switch action {
        case .start(let round, let request, let processes):
            self.emit(.reservePort(round, request, processes: processes))
        case .stop(let round): self.sendToAll(.launchStopped(round: round))
        case .awaitAccount(let round, let isHearsay):
            self.emit(
                .awaitAccount(round, seconds: isHearsay ? self.spec.times.reportGrace : self.spec.times.launcherGrace))
        case .answer(let launch, let nodes, var failure):
            failure?.id = "launch \(launch)"
            if let failure { self.apply(.launchFailed(failure)) }
            self.emit(.send(.launchAnswered(launch: launch, failure: failure), nodes: nodes))
        }
    }

    /// Starts a round on all nodes, unless it was given up meanwhile.
    mutating func start(
        _ round: LaunchRound, _ request: LaunchRequest, _ processes: [Int], _ port: Result<Int, AgentError>
    ) {
        guard self.isRunning, case .running(let running) = self.launches.phase, running.round == round else { return }
        switch port {
        case .failure(let error):
            self.apply(.stopped(TaskFailure(code: .environment, message: "\(error)", node: Self.own)))
        case .success(let port):
            if round.restart == 0 { self.apply(.launchStarted) }
            let shared = request.asker == .controlNode ? request : nil
            self.sendToAll(.launchStarted(round: round, port: port, processes: processes, request: shared))
        }
    }

    // MARK: Commands on other nodes

    mutating func startRemote(_ id: Int, on node: Int, _ round: LaunchRound, _ command: String) {
        self.remoteNodes[id] = node
        self.emit(.send(.remoteStarted(id: id, round: round, command: command), nodes: [node]))
    }

    mutating func stopRemote(_ id: Int) {
        if let node = self.remoteNodes[id] { self.emit(.send(.remoteStopped(id: id), nodes: [node])) }
    }

    /// A launcher that is being stopped waits for its commands, so they are answered for while the gang is released.
    mutating func remoteEnded(_ id: Int, _ node: Int, _ code: Int) {
        guard self.remoteNodes[id] == node else {
            return self.misbehaves(node, "it ended command \(id), which does not run there")
        }
        self.remoteNodes[id] = nil
        self.emit(.answer(.remoteEnded(id: id, code: code)))
    }
}
