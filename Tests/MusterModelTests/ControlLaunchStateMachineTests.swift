import Testing

@testable import MusterModel

/// Launches that the control node asks for on behalf of all, and nodes that only lend themselves to one.
@Suite struct ControlLaunchStateMachineTests {
    static let crash = TaskFailure(code: .exit, message: "rank 1 failed", node: 1, process: "rank 1", exitCode: 7)
    static let first = LaunchRound(launch: 1, restart: 0)

    static func request(_ processes: [Int]? = [1, 2, 3], restarts: Int = 0, program: String = "heat") -> LaunchRequest {
        LaunchRequest(
            framework: "mpi", options: ["program": .string(program)], processes: 1, restarts: restarts,
            asker: .controlNode, processesOfAll: processes)
    }

    static func running(_ size: Int = 3, restarts: Int = 0) throws -> LaunchStateMachine {
        var machine = LaunchStateMachine(size: size)
        _ = try machine.handle(.requested(node: 0, launch: 1, request: self.request(restarts: restarts)))
        return machine
    }

    @Test("The control node's request alone starts it on all nodes, with the processes that it names")
    func controlOnly() throws {
        var machine = LaunchStateMachine(size: 3)
        #expect(
            try machine.handle(.requested(node: 0, launch: 1, request: Self.request())) == [
                .start(round: Self.first, request: Self.request(), processes: [1, 2, 3])
            ])
        for node in [1, 2] { #expect(try machine.handle(.ended(node: node, round: Self.first)).isEmpty) }
        #expect(
            try machine.handle(.ended(node: 0, round: Self.first)) == [.answer(launch: 1, nodes: [0], failure: nil)])
    }

    @Test("Without the processes of all, those of the control node are all there are")
    func unnamed() throws {
        var machine = LaunchStateMachine(size: 3)
        let request = Self.request(nil)
        #expect(
            try machine.handle(.requested(node: 0, launch: 1, request: request)) == [
                .start(round: Self.first, request: request, processes: [1, 0, 0])
            ])
    }

    @Test(
        "Every node may ask: it runs once, and all hear how it ended", arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
    func everyNode(order: [Int]) throws {
        var machine = LaunchStateMachine(size: 3)
        var starts = 0
        for node in order {
            starts += try machine.handle(.requested(node: node, launch: 1, request: Self.request())).count
        }
        #expect(starts == 1)
        for node in 0..<2 { _ = try machine.handle(.ended(node: node, round: Self.first)) }
        #expect(
            try machine.handle(.ended(node: 2, round: Self.first)) == [
                .answer(launch: 1, nodes: [0, 1, 2], failure: nil)
            ])
    }

    @Test("Who asks when it is over hears how it ended", arguments: [nil, crash])
    func late(failure: TaskFailure?) throws {
        var machine = try Self.running()
        if let failure { _ = try machine.handle(.failed(node: 1, round: Self.first, failure: failure, evidence: .end)) }
        for node in 0..<3 { _ = try machine.handle(.ended(node: node, round: Self.first)) }
        #expect(
            try machine.handle(.requested(node: 2, launch: 1, request: Self.request())) == [
                .answer(launch: 1, nodes: [2], failure: failure)
            ])
        // Meanwhile the control node may be two launches further.
        for launch in 2...3 {
            _ = try machine.handle(.requested(node: 0, launch: launch, request: Self.request()))
            for node in 0..<3 {
                _ = try machine.handle(.ended(node: node, round: LaunchRound(launch: launch, restart: 0)))
            }
        }
        #expect(
            try machine.handle(.requested(node: 1, launch: 1, request: Self.request())) == [
                .answer(launch: 1, nodes: [1], failure: failure)
            ])
    }

    @Test("A node that asks for something else while it runs fails the launch")
    func differs() throws {
        var machine = try Self.running()
        #expect(
            try machine.handle(.requested(node: 2, launch: 1, request: Self.request(program: "other")))
                == [.stop(round: Self.first)])
        for node in 0..<2 { _ = try machine.handle(.ended(node: node, round: Self.first)) }
        guard
            case .answer(launch: 1, nodes: [0, 2], let failure?)? =
                try machine.handle(.ended(node: 2, round: Self.first)).first
        else {
            Issue.record("no failure")
            return
        }
        #expect(failure.message.contains("program"))
    }

    @Test("A node twice, or a launch that is not its turn, is refused")
    func refused() throws {
        var machine = try Self.running()
        for (node, launch) in [(0, 1), (1, 2), (1, 0)] {
            #expect(throws: IllegalLaunchEvent.self) {
                try machine.handle(.requested(node: node, launch: launch, request: Self.request()))
            }
        }
    }

    @Test("A worker's body may end without asking, the control node's may not")
    func bodyEnds() throws {
        var worker = LaunchStateMachine(size: 3)
        #expect(try worker.handle(.bodyEnded(node: 1)).isEmpty)
        #expect(try worker.handle(.requested(node: 0, launch: 1, request: Self.request())).count == 1)

        var control = LaunchStateMachine(size: 3)
        _ = try control.handle(.requested(node: 2, launch: 1, request: Self.request()))
        guard case .answer(launch: 1, nodes: [2], let failure?)? = try control.handle(.bodyEnded(node: 0)).first else {
            Issue.record("no failure")
            return
        }
        #expect(failure.message.contains("the control node of a gang must start it"))
    }

    // MARK: Hosts

    /// The launcher runs on node 0, the others only host.
    static func hosting(restarts: Int = 0) throws -> LaunchStateMachine {
        var machine = try self.running(restarts: restarts)
        for node in [1, 2] { _ = try machine.handle(.hosting(node: node, round: self.first)) }
        return machine
    }

    @Test("Hosts are told to stop when only they are left, once")
    func hosts() throws {
        var machine = try Self.hosting()
        #expect(try machine.handle(.ended(node: 0, round: Self.first)) == [.stop(round: Self.first)])
        #expect(try machine.handle(.ended(node: 2, round: Self.first)).isEmpty)
        #expect(
            try machine.handle(.ended(node: 1, round: Self.first)) == [.answer(launch: 1, nodes: [0], failure: nil)])
    }

    @Test("A launcher that is gone before its hosts say that they host stops them as well")
    func fastLauncher() throws {
        var machine = try Self.running()
        _ = try machine.handle(.hosting(node: 1, round: Self.first))
        #expect(try machine.handle(.ended(node: 0, round: Self.first)).isEmpty)
        #expect(try machine.handle(.hosting(node: 2, round: Self.first)) == [.stop(round: Self.first)])
    }

    @Test("A failure that comes while hosts are being stopped is the launch's failure, and stops nothing twice")
    func failsLate() throws {
        var machine = try Self.hosting()
        _ = try machine.handle(.ended(node: 0, round: Self.first))
        #expect(try machine.handle(.failed(node: 1, round: Self.first, failure: Self.crash, evidence: .end)).isEmpty)
        _ = try machine.handle(.ended(node: 1, round: Self.first))
        #expect(
            try machine.handle(.ended(node: 2, round: Self.first)) == [
                .answer(launch: 1, nodes: [0], failure: Self.crash)
            ])
    }

    @Test("A failed round with hosts starts again on all nodes, with nobody hosting yet")
    func restarts() throws {
        var machine = try Self.hosting(restarts: 1)
        #expect(
            try machine.handle(.failed(node: 1, round: Self.first, failure: Self.crash, evidence: .end)) == [
                .stop(round: Self.first)
            ])
        for node in 0..<2 { _ = try machine.handle(.ended(node: node, round: Self.first)) }
        let again = LaunchRound(launch: 1, restart: 1)
        #expect(
            try machine.handle(.ended(node: 2, round: Self.first)) == [
                .start(round: again, request: Self.request(restarts: 1), processes: [1, 2, 3])
            ])
        #expect(try machine.handle(.ended(node: 0, round: again)).isEmpty)
    }

    @Test("Only a node that has processes of the running round can host")
    func cannotHost() throws {
        var idle = LaunchStateMachine(size: 3)
        #expect(throws: IllegalLaunchEvent.self) { try idle.handle(.hosting(node: 1, round: Self.first)) }
        var machine = try Self.running()
        #expect(throws: IllegalLaunchEvent.self) {
            try machine.handle(.hosting(node: 1, round: LaunchRound(launch: 2, restart: 0)))
        }
        _ = try machine.handle(.ended(node: 1, round: Self.first))
        #expect(throws: IllegalLaunchEvent.self) { try machine.handle(.hosting(node: 1, round: Self.first)) }
    }
}
