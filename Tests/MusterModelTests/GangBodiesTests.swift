import Testing

@testable import MusterModel

/// Gangs whose step body runs on the control node alone.
@Suite struct GangBodiesTests {
    static let given = ["data": ArtifactReference(digest: "abc", size: 3, encoding: .json)]
    static let made = ["data": ArtifactReference(digest: "def", size: 4, encoding: .json)]
    static let crash = TaskFailure(
        code: .signal, message: "the Ray node was ended by signal 9", node: 2, process: "the Ray node", signal: 9)

    static func running(_ size: Int = 3) throws -> GangStateMachine {
        var gang = GangStateMachine(size: size, bodies: 1, given: self.given)
        for index in 0..<size {
            _ = try gang.handle(.joined(RosterNode(index: index, address: "127.0.1.\(index + 1)", cpus: 1, gpus: 0)))
        }
        return gang
    }

    @Test("The gang has succeeded when its one body has; the silent nodes leave what they were given")
    func succeeds() throws {
        var gang = try Self.running()
        let result = NodeResult(transition: .step(to: "join"), artifacts: Self.made)
        let actions = try gang.handle(.ended(node: 0, outcome: .succeeded(result: result)))
        #expect(
            actions == [
                .report(node: 0, status: .succeeded), .release(nodes: [0, 1, 2], failure: nil),
                .report(node: 1, status: .succeeded), .report(node: 2, status: .succeeded),
            ])
        for node in 0..<2 { _ = try gang.handle(.released(node: node)) }
        guard case .finish(nil, let nodes)? = try gang.handle(.released(node: 2)).first else {
            Issue.record("not over")
            return
        }
        #expect(nodes.map(\.status) == [.succeeded, .succeeded, .succeeded])
        #expect(nodes.map { $0.result?.artifacts } == [Self.made, Self.given, Self.given])
        #expect(nodes.allSatisfy { $0.result?.transition == .step(to: "join") })
    }

    @Test("A node without a body cannot end well before it is released", arguments: [1, 2])
    func noBody(node: Int) throws {
        var gang = try Self.running()
        let before = gang
        #expect(throws: IllegalGangEvent.self) {
            try gang.handle(
                .ended(
                    node: node,
                    outcome: .succeeded(result: NodeResult(transition: .step(to: "join"), artifacts: [:]))))
        }
        #expect(gang == before)
    }

    @Test("A service that fails on a node without a body fails the gang, with that node as the cause")
    func serviceFails() throws {
        var gang = try Self.running()
        let actions = try gang.handle(.ended(node: 2, outcome: .failed(failure: Self.crash)))
        #expect(actions.first == .release(nodes: [0, 1, 2], failure: Self.crash))
        for node in 0..<2 { _ = try gang.handle(.released(node: node)) }
        guard case .finish(Self.crash, let nodes)? = try gang.handle(.released(node: 2)).first else {
            Issue.record("not over")
            return
        }
        #expect(nodes.map(\.status) == [.stopped, .stopped, .failed])
    }

    @Test("A silent node that is lost ends the gang, for its cluster is not whole any more")
    func lost() throws {
        var gang = try Self.running()
        guard case .release(nodes: [0, 2], let failure?)? = try gang.handle(.lost(node: 1, reason: "silent")).first
        else {
            Issue.record("not released")
            return
        }
        #expect(failure.node == 1)
    }

    @Test("The one body goes on to a step that joins, like those of any gang")
    func transition() throws {
        var gang = try Self.running()
        let result = NodeResult(transition: .foreach(to: "a", count: 2), artifacts: [:])
        let actions = try gang.handle(.ended(node: 0, outcome: .succeeded(result: result)))
        let failures = actions.compactMap { if case .release(_, let failure) = $0 { failure } else { nil } }
        #expect(failures.map(\.code) == [.contract])
    }
}
