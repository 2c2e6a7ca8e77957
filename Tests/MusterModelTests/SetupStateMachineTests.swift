import Testing

@testable import MusterModel

@Suite struct SetupStateMachineTests {
    static func starting(_ size: Int, stages: Int, reached: [(Int, Int)] = []) throws -> SetupStateMachine {
        var machine = SetupStateMachine(size: size, stages: stages)
        for (node, stage) in reached { _ = try machine.handle(.ready(node: node, stage: stage)) }
        return machine
    }

    @Test(
        "A stage begins when the services of the one before are ready on every node",
        arguments: [[0, 1, 2], [2, 0, 1]])
    func stages(order: [Int]) throws {
        var machine = SetupStateMachine(size: 3, stages: 2)
        for node in order.dropLast() { #expect(try machine.handle(.ready(node: node, stage: 0)).isEmpty) }
        let last = try #require(order.last)
        #expect(try machine.handle(.ready(node: last, stage: 0)) == [.begin(stage: 1)])
        for node in order.dropLast() { #expect(try machine.handle(.ready(node: node, stage: 1)).isEmpty) }
        #expect(try machine.handle(.ready(node: last, stage: 1)) == [.complete])
        #expect(machine.phase == .up)
    }

    @Test("A gang of one with one stage is up when its node says so")
    func one() throws {
        var machine = SetupStateMachine(size: 1, stages: 1)
        #expect(try machine.handle(.ready(node: 0, stage: 0)) == [.complete])
    }

    @Test("The deadline names the nodes that are not ready, and the node to blame when it is one")
    func deadline() throws {
        var several = try Self.starting(4, stages: 2, reached: [(1, 0)])
        guard case .fail(let failure)? = try several.handle(.deadlinePassed(seconds: 120)).first else {
            Issue.record("no failure")
            return
        }
        #expect(failure.code == .rendezvous)
        #expect(failure.node == nil)
        #expect(
            failure.message.hasPrefix(
                "the cluster was not up within 120 s: services of stage 0 were not ready on nodes 0, 2, 3"))
        var one = try Self.starting(2, stages: 2, reached: [(0, 0), (1, 0), (0, 1)])
        guard case .fail(let alone)? = try one.handle(.deadlinePassed(seconds: 5)).first else {
            Issue.record("no failure")
            return
        }
        #expect(alone.node == 1)
        #expect(alone.message.contains("stage 1 were not ready on node 1;"))
    }

    // MARK: Every event in every phase

    enum Verdict { case illegal, ignored, handled }

    static let events: [SetupStateMachine.Event] = [
        .ready(node: 0, stage: 0), .ready(node: 1, stage: 0), .ready(node: 1, stage: 1), .ready(node: 2, stage: 0),
        .ready(node: -1, stage: 0), .deadlinePassed(seconds: 1),
    ]
    static let phases: [[(Int, Int)]] = [[], [(0, 0)], [(0, 0), (1, 0)], [(0, 0), (1, 0), (0, 1), (1, 1)]]
    static let table: [[Verdict]] = [
        [.handled, .handled, .illegal, .illegal, .illegal, .handled],
        [.illegal, .handled, .illegal, .illegal, .illegal, .handled],
        [.illegal, .illegal, .handled, .illegal, .illegal, .handled],
        [.illegal, .illegal, .illegal, .illegal, .illegal, .ignored],
    ]

    @Test(
        "Every event in every phase is handled, comes too late, or is refused without a change", arguments: 0..<4, 0..<6
    )
    func everyEvent(phase: Int, event: Int) throws {
        let before = try Self.starting(2, stages: 2, reached: Self.phases[phase])
        let verdict = Self.table[phase][event]
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
}
