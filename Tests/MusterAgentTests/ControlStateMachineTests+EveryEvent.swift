import MusterFrameworks
import MusterModel
import MusterWire
import Testing

@testable import MusterAgent

/// Every event of the control in every phase of its gang.
extension ControlStateMachineTests {
    typealias Event = ControlStateMachine.Event

    static let request = LaunchRequest(framework: "torchrun", options: [:], processes: 1)
    static let offer = NodeStateMachineTests.offer
    static let stop = Event.stop(TaskFailure(code: .cancelled, message: "the run was cancelled"))
    static let remote = ControlNodeRequest.remoteRequested(id: 1, node: 1, round: round, command: "orted")

    static let joined: [Event] = [.joined(node(0)), .hello(hello(1, size: 3)), .hello(hello(2, size: 3))]
    static let launching: [Event] =
        joined + [0, 1, 2].map { .message(.launchRequested(launch: 1, request: request), node: $0) }
        + [.portReserved(round, request, processes: [1, 1, 1], .success(4000)), .request(remote)]

    /// The events that bring a gang of three nodes into each phase.
    static let ways: [(phase: String, events: [Event])] = [
        ("pending", Array(joined.dropLast())),
        ("settingUp", joined),
        ("running", joined),
        ("launching", launching),
        ("suspecting", launching + [failed(.silence)]),
        ("stopping", launching + [failed(.account)]),
        ("broadcasting", joined + [.request(.broadcastRequested(offer: offer))]),
        ("releasing", launching + [stop]),
        ("done", launching + [stop] + [0, 1, 2].map { .message(.released, node: $0) }),
    ]

    static func failed(_ evidence: LaunchEvidence) -> Event {
        .message(.launchFailed(round: self.round, failure: self.failure, evidence: evidence), node: 1)
    }

    static func control(in phase: (phase: String, events: [Event])) -> ControlStateMachine {
        var control = self.control(3, setup: ClusterSetup(stages: phase.phase == "settingUp" ? 2 : 0))
        for event in phase.events { _ = control.handle(event) }
        return control
    }

    /// The verdict on an event in one phase.
    enum Verdict: Character {
        /// The node that sent it broke the protocol.
        case blamed = "x"
        case ignored = "."
        case handled = "!"
        /// A hello that is answered with the reason.
        case refused = "r"
    }

    /// Each with its verdict in the order of ``ways``: pending, settingUp, running, launching, suspecting, stopping,
    /// broadcasting, releasing, done.
    static let table: [(event: Event, verdicts: String)] = [
        (.joined(node(0)), "!xxxxxxxx"),
        (.hello(hello(1, size: 3)), "!rrrrrrrr"),
        (.hello(hello(3, size: 3)), "rrrrrrrrr"),
        (.message(.hello(introduction: hello(1, size: 3)), node: 1), "xxxxxxxxx"),
        (.message(.heartbeat, node: 1), "........."),
        (.message(.setupReady(stage: 0), node: 1), "x!xxxxxxx"),
        (.message(.launchRequested(launch: 1, request: request), node: 1), "xx!xxx!.."),
        (.message(.launchHosting(round: round), node: 1), "xxx!!!x.."),
        (failed(.account), "xxx!!.x.."),
        (failed(.silence), "xxx!..x.."),
        (.message(.launchEnded(round: round), node: 1), "xxx!!!x.."),
        (.message(.remoteEnded(id: 1, code: 0), node: 1), "xxx!!!x!!"),
        (.message(.remoteEnded(id: 1, code: 0), node: 2), "xxxxxxxxx"),
        (.message(.barrierReached(barrier: 1), node: 1), "xx!!!!!.."),
        (.message(.broadcastWanted(broadcast: 1), node: 1), "xx....!.."),
        (.message(.broadcastTaken(broadcast: 1, failure: nil), node: 1), "xx....!.."),
        (.message(.broadcastTaken(broadcast: 1, failure: nil), node: 0), "xx....x.."),
        (.message(.ended(outcome: result), node: 1), "xx!!!!!.x"),
        (.message(.ended(outcome: .failed(failure: failure)), node: 1), "x!!!!!!.x"),
        (.message(.released, node: 1), "xxxxxxx!x"),
        (.request(.remoteRequested(id: 2, node: 1, round: round, command: "orted")), "..!!!!!.."),
        (.request(.remoteAbandoned(id: 1)), "...!!!..."),
        (.request(.broadcastRequested(offer: offer)), "..!!!!!.."),
        (.lost(node: 1, reason: "its connection has ended"), "!!!!!!!!!"),
        (.broke(node: 1, rule: "it spoke"), "xxxxxxxxx"),
        (.broke(node: 0, rule: "it spoke"), "xxxxxxxxx"),
        (stop, "!!!!!!!.."),
        (.rendezvousDeadline, "!........"),
        (.setupDeadline, ".!......."),
        (.timeout, "!!!!!!!.."),
        (.graceOver(round), "....!...."),
        (.portReserved(round, request, processes: [1, 1, 1], .success(4001)), "...!!!..."),
        (.portReserved(round, request, processes: [1, 1, 1], .failure(AgentError("none"))), "...!!!..."),
        (.broadcastFailed(1, AgentError("changed")), "......!.."),
    ]

    @Test(
        "Every event in every phase is handled, comes too late, or has the node that sent it blamed",
        arguments: ways.indices, table.indices)
    func everyEvent(phase: Int, event: Int) throws {
        let before = Self.control(in: Self.ways[phase])
        let (event, verdicts) = Self.table[event]
        #expect(verdicts.count == Self.ways.count)
        let verdict = try #require(Verdict(rawValue: Array(verdicts)[phase]))
        var control = before
        let actions = control.handle(event)
        let context: Comment = "\(event) while \(Self.ways[phase].phase): \(actions)"
        let blamed = actions.contains { if case .blame = $0 { true } else { false } }
        #expect(blamed == (verdict == .blamed), context)
        switch verdict {
        case .blamed: #expect(!actions.contains { if case .print = $0 { true } else { false } }, context)
        case .ignored: #expect(actions.isEmpty && control == before, context)
        case .handled: #expect(!actions.isEmpty || control != before, context)
        case .refused:
            guard case .refuse? = actions.first else {
                Issue.record(context)
                return
            }
            #expect(actions.count == 1 && control == before, context)
        }
    }

    @Test("A node that is blamed while the gang runs is the cause of its end", arguments: table.indices)
    func blameEndsTheGang(event: Int) {
        let event = Self.table[event].event
        for way in Self.ways where !["pending", "releasing", "done"].contains(way.phase) {
            var control = Self.control(in: way)
            let actions = control.handle(event)
            for case .blame(let node, _) in actions {
                let causes = actions.compactMap { action -> Int? in
                    if case .send(.release(let failure?), _) = action { failure.node } else { nil }
                }
                #expect(causes == [node], "\(event) while \(way.phase): \(actions)")
            }
        }
    }

    @Test("An event about a node that the gang does not have is printed, and ends")
    func unknownNode() {
        for way in Self.ways {
            var control = Self.control(in: way)
            let actions = control.handle(.lost(node: 7, reason: "closed"))
            #expect(actions.contains { if case .print = $0 { true } else { false } }, "\(way.phase): \(actions)")
            #expect(control == Self.control(in: way))
        }
    }

    // MARK: The table is complete

    /// The kinds of events. The switches below have no default: an event without a kind does not compile, and a kind without
    /// a row fails.
    enum Kind: CaseIterable {
        case joined, hello, lost, broke, stop, rendezvousDeadline, setupDeadline, timeout, graceOver, portReserved,
            broadcastFailed
        case saysHello, heartbeat, setupReady, launchRequested, launchHosting, launchFailed, launchEnded, remoteEnded,
            barrierReached, broadcastWanted, broadcastTaken, ended, released
        case remoteRequested, remoteAbandoned, broadcastRequested
    }

    static func kind(_ event: Event) -> Kind {
        switch event {
        case .joined: .joined
        case .hello: .hello
        case .message(let message, _): self.kind(message)
        case .request(let request): self.kind(request)
        case .lost: .lost
        case .broke: .broke
        case .stop: .stop
        case .rendezvousDeadline: .rendezvousDeadline
        case .setupDeadline: .setupDeadline
        case .timeout: .timeout
        case .graceOver: .graceOver
        case .portReserved: .portReserved
        case .broadcastFailed: .broadcastFailed
        }
    }

    static func kind(_ message: WorkerMessage) -> Kind {
        switch message {
        case .hello: .saysHello
        case .heartbeat: .heartbeat
        case .setupReady: .setupReady
        case .launchRequested: .launchRequested
        case .launchHosting: .launchHosting
        case .launchFailed: .launchFailed
        case .launchEnded: .launchEnded
        case .remoteEnded: .remoteEnded
        case .barrierReached: .barrierReached
        case .broadcastWanted: .broadcastWanted
        case .broadcastTaken: .broadcastTaken
        case .ended: .ended
        case .released: .released
        }
    }

    static func kind(_ request: ControlNodeRequest) -> Kind {
        switch request {
        case .remoteRequested: .remoteRequested
        case .remoteAbandoned: .remoteAbandoned
        case .broadcastRequested: .broadcastRequested
        }
    }

    @Test("The table has every kind of event")
    func tableIsComplete() {
        #expect(Set(Self.table.map { Self.kind($0.event) }) == Set(Kind.allCases))
    }
}
