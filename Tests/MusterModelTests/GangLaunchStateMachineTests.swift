import Testing

@testable import MusterModel

@Suite struct GangLaunchStateMachineTests {
    static func request(_ entrypoint: String = "train.py", processes: Int = 1, restarts: Int = 0) -> LaunchRequest {
        LaunchRequest(
            framework: "torchrun", options: ["entrypoint": .string(entrypoint)], processes: processes,
            restarts: restarts)
    }

    static let crash = TaskFailure(code: .exit, message: "rank 1 failed", node: 1, process: "rank 1", exitCode: 7)
    static let first = LaunchRound(launch: 1, restart: 0)

    static func running(restarts: Int = 0) throws -> LaunchStateMachine {
        var machine = LaunchStateMachine(size: 2)
        for node in 0..<2 {
            _ = try machine.handle(.requested(node: node, launch: 1, request: self.request(restarts: restarts)))
        }
        return machine
    }

    @Test("A launch starts when all nodes have asked, with each node's own number of processes")
    func starts() throws {
        var machine = LaunchStateMachine(size: 2)
        #expect(try machine.handle(.requested(node: 1, launch: 1, request: Self.request(processes: 3))).isEmpty)
        let actions = try machine.handle(.requested(node: 0, launch: 1, request: Self.request(processes: 2)))
        #expect(actions == [.start(round: Self.first, request: Self.request(processes: 2), processes: [2, 3])])
    }

    @Test("Nodes may give their workers other arguments")
    func ownArguments() throws {
        var machine = LaunchStateMachine(size: 2)
        for node in 0..<2 {
            var request = Self.request()
            request.options["arguments"] = .array([.string("--output"), .string("/node/\(node)")])
            #expect(try machine.handle(.requested(node: node, launch: 1, request: request)).count == node)
        }
    }

    @Test("A launch that ended well everywhere is answered, and a second one can follow")
    func endsWell() throws {
        var machine = try Self.running()
        #expect(try machine.handle(.ended(node: 0, round: Self.first)).isEmpty)
        #expect(
            try machine.handle(.ended(node: 1, round: Self.first)) == [.answer(launch: 1, nodes: [0, 1], failure: nil)])
        for node in 0..<2 {
            let actions = try machine.handle(.requested(node: node, launch: 2, request: Self.request()))
            #expect(actions.count == node)
        }
    }

    @Test("The first failure stops the round everywhere and is the answer")
    func fails() throws {
        var machine = try Self.running()
        #expect(
            try machine.handle(.failed(node: 1, round: Self.first, failure: Self.crash, evidence: .end)) == [
                .stop(round: Self.first)
            ])
        var other = Self.crash
        other.message = "rank 0 failed too"
        #expect(try machine.handle(.failed(node: 0, round: Self.first, failure: other, evidence: .end)).isEmpty)
        #expect(try machine.handle(.ended(node: 1, round: Self.first)).isEmpty)
        #expect(
            try machine.handle(.ended(node: 0, round: Self.first)) == [
                .answer(launch: 1, nodes: [0, 1], failure: Self.crash)
            ])
    }

    @Test("With restarts left a failed round starts again, then the last failure is the answer")
    func restarts() throws {
        var machine = try Self.running(restarts: 1)
        _ = try machine.handle(.failed(node: 1, round: Self.first, failure: Self.crash, evidence: .end))
        _ = try machine.handle(.ended(node: 0, round: Self.first))
        let again = LaunchRound(launch: 1, restart: 1)
        #expect(
            try machine.handle(.ended(node: 1, round: Self.first)) == [
                .start(round: again, request: Self.request(restarts: 1), processes: [1, 1])
            ])
        #expect(
            try machine.handle(.failed(node: 0, round: Self.first, failure: Self.crash, evidence: .end)).isEmpty,
            "it crossed the restart")
        #expect(
            try machine.handle(.failed(node: 0, round: again, failure: Self.crash, evidence: .end)) == [
                .stop(round: again)
            ])
        _ = try machine.handle(.ended(node: 0, round: again))
        #expect(
            try machine.handle(.ended(node: 1, round: again)) == [
                .answer(launch: 1, nodes: [0, 1], failure: Self.crash)
            ])
    }

    @Test("Nodes that ask for different things hear what differs, late ones too")
    func differs() throws {
        var machine = LaunchStateMachine(size: 3)
        _ = try machine.handle(.requested(node: 0, launch: 1, request: Self.request()))
        let actions = try machine.handle(.requested(node: 2, launch: 1, request: Self.request("other.py")))
        guard case .answer(launch: 1, nodes: [0, 2], let failure?) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.code == .contract)
        #expect(failure.message.contains(#"entrypoint is "train.py" on node 0 and "other.py" on node 2"#))
        let late = try machine.handle(.requested(node: 1, launch: 1, request: Self.request()))
        #expect(late == [.answer(launch: 1, nodes: [1], failure: failure)])
    }

    @Test("A launch that a node's body ended without fails on the nodes that asked", arguments: [true, false])
    func bodyEnded(before: Bool) throws {
        var machine = LaunchStateMachine(size: 2)
        if before { #expect(try machine.handle(.bodyEnded(node: 1)).isEmpty) }
        var actions = try machine.handle(.requested(node: 0, launch: 1, request: Self.request()))
        if !before { actions = try machine.handle(.bodyEnded(node: 1)) }
        guard case .answer(launch: 1, nodes: [0], let failure?) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.message.contains("body of node 1 had ended without it"))
    }

    // MARK: Every event in every phase

    enum Verdict { case illegal, ignored, handled }

    static let events: [LaunchStateMachine.Event] = [
        .requested(node: 1, launch: 1, request: request()), .requested(node: 1, launch: 2, request: request()),
        .failed(node: 1, round: first, failure: crash, evidence: .end),
        .failed(node: 1, round: LaunchRound(launch: 9, restart: 0), failure: crash, evidence: .end),
        .ended(node: 1, round: first), .ended(node: 1, round: LaunchRound(launch: 9, restart: 0)), .bodyEnded(node: 1),
    ]
    static let table: [(String, [Verdict])] = [
        ("gathering", [.handled, .illegal, .illegal, .illegal, .illegal, .illegal, .handled]),
        ("running", [.illegal, .illegal, .handled, .illegal, .handled, .illegal, .handled]),
        ("stopping", [.illegal, .illegal, .ignored, .illegal, .handled, .illegal, .handled]),
        ("answered", [.illegal, .handled, .ignored, .illegal, .illegal, .illegal, .handled]),
    ]

    static func machine(in phase: String) throws -> LaunchStateMachine {
        if phase == "gathering" { return LaunchStateMachine(size: 2) }
        var machine = try self.running()
        if phase == "stopping" {
            _ = try machine.handle(.failed(node: 0, round: self.first, failure: self.crash, evidence: .end))
        }
        if phase == "answered" { for node in 0..<2 { _ = try machine.handle(.ended(node: node, round: self.first)) } }
        return machine
    }

    @Test(
        "Every event in every phase is handled, comes too late, or is refused without a change", arguments: 0..<4, 0..<7
    )
    func everyEvent(phase: Int, event: Int) throws {
        let before = try Self.machine(in: Self.table[phase].0)
        let verdict = Self.table[phase].1[event]
        var machine = before
        do {
            let actions = try machine.handle(Self.events[event])
            switch verdict {
            case .illegal: Issue.record("was taken: \(actions)")
            case .ignored: #expect(actions.isEmpty && machine == before)
            case .handled: #expect(!actions.isEmpty || machine != before)
            }
        } catch {
            #expect(verdict == .illegal)
            #expect(machine == before)
            #expect(!error.description.isEmpty)
        }
    }

    @Test("A node that is not of the gang is refused", arguments: [-1, 2])
    func stranger(node: Int) throws {
        var machine = try Self.running()
        #expect(throws: IllegalLaunchEvent.self) { try machine.handle(.bodyEnded(node: node)) }
    }
}
