import Testing

@testable import MusterModel

@Suite struct BarrierStateMachineTests {
    @Test("A barrier lets everybody go once all have come, and then the next one counts")
    func passes() throws {
        var machine = BarrierStateMachine(nodes: [0, 1, 2])
        for barrier in 1...3 {
            for node in [2, 0] { #expect(try machine.handle(.reached(node: node, barrier: barrier)).isEmpty) }
            #expect(
                try machine.handle(.reached(node: 1, barrier: barrier)) == [
                    .answer(barrier: barrier, nodes: [0, 1, 2], failure: nil)
                ])
        }
    }

    @Test("A gang with one body passes at once")
    func alone() throws {
        var machine = BarrierStateMachine(nodes: [0])
        #expect(try machine.handle(.reached(node: 0, barrier: 1)) == [.answer(barrier: 1, nodes: [0], failure: nil)])
    }

    /// The failure that tells `nodes` that `barrier` is in vain.
    static func failure(_ actions: [BarrierStateMachine.Action], _ barrier: Int, _ nodes: [Int]) throws -> TaskFailure {
        guard case .answer(barrier, nodes, let failure?)? = actions.first, actions.count == 1 else {
            throw TaskFailure(code: .contract, message: "unexpected: \(actions)")
        }
        return failure
    }

    @Test("Who waits when a body ends hears that it waits in vain, and for whom")
    func ends() throws {
        var machine = BarrierStateMachine(nodes: [0, 1, 2])
        _ = try machine.handle(.reached(node: 0, barrier: 1))
        _ = try machine.handle(.reached(node: 2, barrier: 1))
        let failure = try Self.failure(try machine.handle(.bodyEnded(node: 1)), 1, [0, 2])
        #expect(failure.code == .contract)
        #expect(failure.node == 1)
        #expect(failure.message.contains("the step body of node 1 has ended"))
    }

    @Test("Whoever comes after a body has ended hears it too, as often as it comes")
    func comesLate() throws {
        var machine = BarrierStateMachine(nodes: [0, 1, 2])
        #expect(try machine.handle(.bodyEnded(node: 1)).isEmpty)
        for barrier in 1...3 {
            _ = try Self.failure(try machine.handle(.reached(node: 0, barrier: barrier)), barrier, [0])
        }
        _ = try Self.failure(try machine.handle(.reached(node: 2, barrier: 1)), 1, [2])
    }

    @Test("Bodies that end after the last barrier end nothing")
    func over() throws {
        var machine = BarrierStateMachine(nodes: [0, 1])
        for node in 0...1 { _ = try machine.handle(.reached(node: node, barrier: 1)) }
        for node in 0...1 { #expect(try machine.handle(.bodyEnded(node: node)).isEmpty) }
    }

    @Test(
        "An event that cannot happen is refused without a change",
        arguments: [
            .reached(node: 3, barrier: 1), .reached(node: 0, barrier: 1), .reached(node: 1, barrier: 2),
            .reached(node: 1, barrier: 0), .reached(node: -1, barrier: 1), .bodyEnded(node: 3),
        ] as [BarrierStateMachine.Event])
    func illegal(event: BarrierStateMachine.Event) throws {
        var machine = BarrierStateMachine(nodes: [0, 1])
        _ = try machine.handle(.reached(node: 0, barrier: 1))
        let before = machine
        let error = try #require(throws: IllegalBarrierEvent.self) { try machine.handle(event) }
        #expect(machine == before)
        #expect(!error.description.isEmpty)
    }

    @Test("A node whose body has ended comes to no barrier")
    func gone() throws {
        var machine = BarrierStateMachine(nodes: [0, 1])
        _ = try machine.handle(.bodyEnded(node: 1))
        #expect(throws: IllegalBarrierEvent.self) { try machine.handle(.reached(node: 1, barrier: 1)) }
    }
}
