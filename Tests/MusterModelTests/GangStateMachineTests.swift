import Testing

@testable import MusterModel

@Suite struct GangStateMachineTests {
    static let next = NodeResult(transition: .step(to: "join"), artifacts: [:])
    static let crash = TaskFailure(
        code: .exit, message: "node 1: step left with exit code 3", node: 1, process: "step", exitCode: 3)
    static let cancelled = TaskFailure(code: .cancelled, message: "the run was cancelled")

    static func node(_ index: Int) -> RosterNode {
        RosterNode(index: index, address: "127.0.1.\(index + 1)", cpus: 1, gpus: 0)
    }

    static func roster(_ size: Int) -> Roster { Roster(nodes: (0..<size).map(self.node)) }

    /// A gang of `size` that runs.
    static func running(_ size: Int) throws -> GangStateMachine {
        var gang = GangStateMachine(size: size)
        for index in 0..<size { _ = try gang.handle(.joined(self.node(index))) }
        return gang
    }

    @Test("A gang starts when its last node has come, whatever the order", arguments: [[0], [1, 0], [2, 0, 3, 1]])
    func starts(order: [Int]) throws {
        var gang = GangStateMachine(size: order.count)
        for index in order.dropLast() { #expect(try gang.handle(.joined(Self.node(index))).isEmpty) }
        let last = try #require(order.last)
        #expect(try gang.handle(.joined(Self.node(last))) == [.start(Self.roster(order.count))])
        #expect(gang.phase == .running(ended: [:]))
    }

    @Test("A node that joins twice before the start counts once, with its last address")
    func joinsTwice() throws {
        var gang = GangStateMachine(size: 2)
        var moved = Self.node(1)
        #expect(try gang.handle(.joined(moved)).isEmpty)
        moved.address = "127.0.9.9"
        #expect(try gang.handle(.joined(moved)).isEmpty)
        #expect(try gang.handle(.joined(Self.node(0))) == [.start(Roster(nodes: [Self.node(0), moved]))])
    }

    @Test("When the deadline comes enough nodes start without the others, under their places among those that came")
    func startsWithEnough() throws {
        var gang = GangStateMachine(size: 4, minimum: 2)
        for node in [0, 3] { #expect(try gang.handle(.joined(Self.node(node))).isEmpty) }
        #expect(
            try gang.handle(.deadlinePassed(seconds: 1)) == [.start(Roster(nodes: [Self.node(0), Self.node(3)]))])
        #expect(gang.size == 2 && gang.bodies == 0..<2)
        #expect(throws: IllegalGangEvent.self) { try gang.handle(.released(node: 3)) }
        _ = try gang.handle(.ended(node: 1, outcome: .failed(failure: Self.crash)))
        #expect(gang.phase != .running(ended: [:]))
    }

    @Test("Too few nodes, or enough without the control node, do not start", arguments: [[0], [1, 2]])
    func startsNotWithTooFew(nodes: [Int]) throws {
        var gang = GangStateMachine(size: 4, minimum: 2)
        for node in nodes { _ = try gang.handle(.joined(Self.node(node))) }
        let actions = try gang.handle(.deadlinePassed(seconds: 1))
        #expect(actions.contains { if case .release = $0 { true } else { false } }, "\(actions)")
    }

    @Test(
        "A gang that is told of a lost node ends, before its start and after, and calls that node failed",
        arguments: [true, false])
    func toldOfLoss(isRunning: Bool) throws {
        var gang = isRunning ? try Self.running(2) : GangStateMachine(size: 2)
        if !isRunning { _ = try gang.handle(.joined(Self.node(0))) }
        let lost = TaskFailure(code: .lost, message: "the agent of node 1 ended", node: 1, process: "agent", signal: 9)
        let actions = try gang.handle(.stopped(lost))
        #expect(
            actions.contains(.report(node: 1, status: .failed)) && actions.contains(.report(node: 0, status: .stopped)))
        #expect(actions.contains { if case .release(_, lost) = $0 { true } else { false } })
    }

    @Test("A node whose connection breaks before the start may come again")
    func comesAgain() throws {
        var gang = GangStateMachine(size: 2)
        _ = try gang.handle(.joined(Self.node(0)))
        _ = try gang.handle(.joined(Self.node(1)))
        var other = GangStateMachine(size: 2)
        _ = try other.handle(.joined(Self.node(1)))
        _ = try other.handle(.lost(node: 1, reason: "closed"))
        _ = try other.handle(.joined(Self.node(0)))
        #expect(other.phase == .pending(joined: [0: Self.node(0)]))
        #expect(try other.handle(.joined(Self.node(1))) == [.start(Self.roster(2))])
        #expect(gang.phase == other.phase)
    }

    @Test("The deadline names exactly the nodes that did not come")
    func deadline() throws {
        var gang = GangStateMachine(size: 4)
        _ = try gang.handle(.joined(Self.node(0)))
        _ = try gang.handle(.joined(Self.node(2)))
        let actions = try gang.handle(.deadlinePassed(seconds: 30))
        guard case .release(nodes: [0, 2], let failure?) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.code == .rendezvous)
        #expect(failure.message.hasPrefix("nodes 1, 3 of 4 did not come to the rendezvous within 30 s"))
        #expect(try gang.handle(.released(node: 0)).isEmpty)
        let end = try gang.handle(.released(node: 2))
        guard case .finish(failure, let nodes) = end.first else {
            Issue.record("\(end)")
            return
        }
        #expect(nodes.map(\.status) == [.stopped, .failed, .stopped, .failed])
    }

    @Test("When every node took the same transition the gang succeeds and keeps every result")
    func succeeds() throws {
        var gang = try Self.running(2)
        #expect(
            try gang.handle(.ended(node: 1, outcome: .succeeded(result: Self.next))) == [
                .report(node: 1, status: .succeeded)
            ])
        #expect(
            try gang.handle(.ended(node: 0, outcome: .succeeded(result: Self.next))) == [
                .report(node: 0, status: .succeeded), .release(nodes: [0, 1], failure: nil),
            ])
        #expect(try gang.handle(.released(node: 0)).isEmpty)
        let reports = (0..<2).map { NodeReport(index: $0, status: .succeeded, result: Self.next) }
        #expect(try gang.handle(.released(node: 1)) == [.finish(failure: nil, nodes: reports)])
        #expect(gang.phase == .done)
    }

    @Test("The first failure releases every node, ended ones included, and is the cause")
    func firstFailureWins() throws {
        var gang = try Self.running(3)
        _ = try gang.handle(.ended(node: 2, outcome: .succeeded(result: Self.next)))
        let actions = try gang.handle(.ended(node: 1, outcome: .failed(failure: Self.crash)))
        #expect(actions.first == .release(nodes: [0, 1, 2], failure: Self.crash))
        var later = Self.crash
        later.node = 0
        #expect(try gang.handle(.ended(node: 0, outcome: .failed(failure: later))).isEmpty)
        for node in [0, 1] { #expect(try gang.handle(.released(node: node)).isEmpty) }
        let end = try gang.handle(.released(node: 2))
        guard case .finish(Self.crash, let nodes) = end.first else {
            Issue.record("\(end)")
            return
        }
        #expect(nodes.map(\.status) == [.stopped, .failed, .succeeded])
    }

    @Test("A body that ends because the time of all was up makes no node the cause")
    func ownTimeout() throws {
        let failure = TaskFailure(
            code: .timeout, message: "the step took longer than its timeout of 1 s", process: "step")
        var gang = try Self.running(2)
        _ = try gang.handle(.ended(node: 1, outcome: .failed(failure: failure)))
        let end = try [0, 1].map { try gang.handle(.released(node: $0)) }.last
        guard case .finish(failure, let nodes) = end?.first else {
            Issue.record("\(String(describing: end))")
            return
        }
        #expect(nodes.map(\.status) == [.stopped, .stopped])
    }

    @Test(
        "What bodies had set when they failed stands in the report, of the first one and of those that failed meanwhile"
    )
    func keepsWhatWasLeft() throws {
        let left = ["found": ArtifactReference(digest: String(repeating: "a", count: 64), size: 1, encoding: .pickle)]
        var gang = try Self.running(3)
        _ = try gang.handle(.ended(node: 2, outcome: .succeeded(result: Self.next)))
        _ = try gang.handle(.ended(node: 1, outcome: .failed(failure: Self.crash, left: left)))
        _ = try gang.handle(.ended(node: 0, outcome: .failed(failure: Self.crash, left: left)))
        let end = try [0, 1, 2].map { try gang.handle(.released(node: $0)) }.last
        guard case .finish(_, let nodes) = end?.first else {
            Issue.record("\(String(describing: end))")
            return
        }
        #expect(nodes.map(\.left) == [left, left, nil])
        #expect(nodes[2].result == Self.next)
    }

    @Test("A lost node is the cause, and is not waited for")
    func lost() throws {
        var gang = try Self.running(3)
        let actions = try gang.handle(.lost(node: 1, reason: "its agent's connection ended"))
        guard case .release(nodes: [0, 2], let failure?) = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.code == .lost)
        #expect(failure.node == 1)
        #expect(failure.message == "node 1 (127.0.1.2) was lost: its agent's connection ended")
        #expect(try gang.handle(.lost(node: 2, reason: "too")).isEmpty)
        #expect(try gang.handle(.released(node: 0)).count == 1)
        #expect(gang.phase == .done)
    }

    @Test("A body's error after a failed launch is reported as the launch's failure")
    func launchIsTheCause() throws {
        var rank = TaskFailure(
            code: .signal, message: "rank 3 on node 3 was ended by signal 9", node: 3, process: "rank 3", signal: 9)
        rank.id = "launch 1"
        let body = TaskFailure(code: .body, message: "training failed", node: 0, process: "step")
        var gang = try Self.running(4)
        _ = try gang.handle(.launchStarted)
        _ = try gang.handle(.launchFailed(rank))
        #expect(
            try gang.handle(.ended(node: 0, outcome: .failed(failure: body, after: "launch 1"))).first
                == .release(nodes: [0, 1, 2, 3], failure: rank))

        var raised = try Self.running(4)
        _ = try raised.handle(.launchFailed(rank))
        #expect(
            try raised.handle(.ended(node: 0, outcome: .failed(failure: rank))).contains(
                .report(node: 3, status: .failed)))

        var recovered = try Self.running(4)
        _ = try recovered.handle(.launchFailed(rank))
        _ = try recovered.handle(.launchStarted)
        #expect(
            try recovered.handle(.ended(node: 0, outcome: .failed(failure: body, after: "launch 1"))).first
                == .release(nodes: [0, 1, 2, 3], failure: body))

        var killed = try Self.running(4)
        var signal = body
        signal.code = .signal
        signal.signal = 9
        _ = try killed.handle(.launchFailed(rank))
        #expect(
            try killed.handle(.ended(node: 0, outcome: .failed(failure: signal))).first
                == .release(nodes: [0, 1, 2, 3], failure: signal))
    }

    @Test("Nodes that take different transitions, or one that joins nothing, break the protocol")
    func transitions() throws {
        let other = NodeResult(transition: .step(to: "elsewhere"), artifacts: [:])
        var gang = try Self.running(2)
        _ = try gang.handle(.ended(node: 0, outcome: .succeeded(result: Self.next)))
        let actions = try gang.handle(.ended(node: 1, outcome: .succeeded(result: other)))
        guard case .release(_, let failure?) = actions[1] else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.code == .contract)
        #expect(failure.message.contains("`join`") && failure.message.contains("`elsewhere`"))

        var fan = try Self.running(2)
        let foreach = NodeResult(transition: .foreach(to: "a", count: 3), artifacts: [:])
        _ = try fan.handle(.ended(node: 0, outcome: .succeeded(result: foreach)))
        let end = try fan.handle(.ended(node: 1, outcome: .succeeded(result: foreach)))
        guard case .release(_, let wrong?) = end[1] else {
            Issue.record("\(end)")
            return
        }
        #expect(wrong.code == .contract)

        var one = try Self.running(1)
        #expect(
            try one.handle(.ended(node: 0, outcome: .succeeded(result: foreach))).last
                == .release(nodes: [0], failure: nil),
            "a gang of one may take any transition")
    }

    // MARK: Every event in every phase

    enum Verdict { case illegal, ignored, handled }

    static let events: [GangStateMachine.Event] = [
        .joined(node(1)), .deadlinePassed(seconds: 1), .ended(node: 1, outcome: .failed(failure: crash)),
        .lost(node: 1, reason: "gone"), .launchStarted, .launchFailed(crash), .timedOut(seconds: 1),
        .stopped(cancelled),
        .released(node: 1),
    ]

    /// In the order of ``events``.
    static let table: [(String, [Verdict])] = [
        ("pending", [.handled, .handled, .illegal, .handled, .illegal, .illegal, .handled, .handled, .illegal]),
        ("running", [.illegal, .ignored, .handled, .handled, .ignored, .ignored, .handled, .handled, .illegal]),
        ("releasing", [.illegal, .ignored, .ignored, .handled, .ignored, .ignored, .ignored, .ignored, .handled]),
        ("done", [.illegal, .ignored, .illegal, .ignored, .illegal, .illegal, .ignored, .ignored, .illegal]),
    ]

    static func gang(in phase: String) throws -> GangStateMachine {
        var gang = try self.running(2)
        switch phase {
        case "pending":
            gang = GangStateMachine(size: 2)
            _ = try gang.handle(.joined(self.node(1)))
        case "releasing": _ = try gang.handle(.stopped(self.cancelled))
        case "done":
            _ = try gang.handle(.stopped(self.cancelled))
            for node in 0..<2 { _ = try gang.handle(.released(node: node)) }
        default: break
        }
        return gang
    }

    @Test(
        "Every event in every phase is handled, comes too late, or is refused without a change", arguments: 0..<4, 0..<9
    )
    func everyEvent(phase: Int, event: Int) throws {
        let before = try Self.gang(in: Self.table[phase].0)
        let verdict = Self.table[phase].1[event]
        var gang = before
        do {
            let actions = try gang.handle(Self.events[event])
            switch verdict {
            case .illegal: Issue.record("was taken: \(actions)")
            case .ignored: #expect(actions.isEmpty && gang.phase == before.phase)
            case .handled:
                #expect(!actions.isEmpty || gang.phase != before.phase || Self.events[event] == .joined(Self.node(1)))
            }
        } catch {
            #expect(verdict == .illegal)
            #expect(gang == before)
            #expect(!error.description.isEmpty)
        }
    }

    @Test(
        "A node that is not of the gang is refused in every phase",
        arguments: ["pending", "running", "releasing", "done"], [-1, 2])
    func stranger(phase: String, node: Int) throws {
        var gang = try Self.gang(in: phase)
        for event: GangStateMachine.Event in [
            .joined(Self.node(node)), .lost(node: node, reason: ""), .released(node: node),
            .ended(node: node, outcome: .succeeded(result: Self.next)),
        ] {
            #expect(throws: IllegalGangEvent.self) { try gang.handle(event) }
        }
    }

    @Test("A node cannot end twice, nor leave twice")
    func twice() throws {
        var gang = try Self.running(2)
        _ = try gang.handle(.ended(node: 0, outcome: .succeeded(result: Self.next)))
        #expect(throws: IllegalGangEvent.self) {
            try gang.handle(.ended(node: 0, outcome: .succeeded(result: Self.next)))
        }
        _ = try gang.handle(.stopped(Self.cancelled))
        _ = try gang.handle(.released(node: 0))
        #expect(throws: IllegalGangEvent.self) { try gang.handle(.released(node: 0)) }
    }

    @Test("Whatever happens, a gang that has heard from all nodes is over, and says so once")
    func randomLives() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let size = Int.random(in: 1...4, using: &random)
            var gang = try Self.running(size)
            var finished = 0
            func take(_ event: GangStateMachine.Event) {
                guard let actions = try? gang.handle(event) else { return }
                finished += actions.filter { if case .finish = $0 { true } else { false } }.count
            }
            for _ in 0..<12 {
                let node = Int.random(in: 0..<size, using: &random)
                switch Int.random(in: 0..<6, using: &random) {
                case 0, 1: take(.ended(node: node, outcome: .succeeded(result: Self.next)))
                case 2: take(.ended(node: node, outcome: .failed(failure: Self.crash)))
                case 3: take(.lost(node: node, reason: "gone"))
                case 4: take(.released(node: node))
                default: take(.launchFailed(Self.crash))
                }
            }
            take(.stopped(Self.cancelled))
            for node in 0..<size { take(.released(node: node)) }
            #expect(finished == 1)
            #expect(gang.phase == .done)
        }
    }
}
