import MusterFrameworks
import MusterModel
import MusterWire
import Testing

@testable import MusterAgent

/// The decisions of a gang's control, without any connection.
@Suite struct ControlStateMachineTests {
    static let attempt = NodeStateMachineTests.attempt
    static let round = LaunchRound(launch: 1, restart: 0)
    static let failure = TaskFailure(code: .exit, message: "rank 1 left with exit code 3", node: 1, process: "rank 1")
    static let result = NodeOutcome.succeeded(result: NodeResult(transition: .step(to: "join"), artifacts: [:]))

    static func node(_ index: Int) -> RosterNode {
        RosterNode(index: index, address: "127.0.0.\(index + 1)", cpus: 1, gpus: 0)
    }

    static func hello(_ index: Int, size: Int = 2) -> GangHello {
        GangHello(attempt: self.attempt, size: size, node: self.node(index))
    }

    static func control(
        _ size: Int = 2, minimum: Int? = nil, setup: ClusterSetup = ClusterSetup()
    ) -> ControlStateMachine {
        var spec = NodeStateMachineTests.spec(size: size)
        spec.minimum = minimum ?? size
        return ControlStateMachine(spec: spec, setup: setup)
    }

    static func running(setup: ClusterSetup = ClusterSetup()) -> ControlStateMachine {
        var control = self.control(setup: setup)
        _ = control.handle(.joined(self.node(0)))
        _ = control.handle(.hello(self.hello(1)))
        return control
    }

    @Test("When all have come, every node gets the roster and the timers start")
    func starts() {
        var control = Self.control()
        #expect(control.handle(.joined(Self.node(0))) == [.status(.joined(node: 0))])
        let roster = Roster(nodes: [Self.node(0), Self.node(1)])
        #expect(
            control.handle(.hello(Self.hello(1))) == [
                .admit(node: 1), .status(.joined(node: 1)), .start(timeout: 10, setupDeadline: nil),
                .send(.roster(roster: PackedRoster(roster)), nodes: [0, 1]),
            ])
        #expect(control.handle(.hello(Self.hello(1))) == [.refuse("the gang is complete, or over")])
    }

    @Test("A hello of another gang is refused with the reason")
    func refuses() {
        var control = Self.control()
        guard case .refuse(let reason)? = control.handle(.hello(Self.hello(1, size: 3))).first else {
            Issue.record("admitted")
            return
        }
        #expect(reason.contains("3 nodes"))
    }

    @Test("A gang that starts without some nodes numbers its nodes anew")
    func renumbers() {
        var control = Self.control(3, minimum: 2)
        _ = control.handle(.joined(Self.node(0)))
        _ = control.handle(.hello(Self.hello(2, size: 3)))
        let actions = control.handle(.rendezvousDeadline)
        #expect(actions.contains(.renumber(nodes: [0, 2])))
        #expect(actions.contains(.status(.formed(nodes: [0, 2]))))
        #expect(control.size == 2)
    }

    @Test("A node that breaks the protocol loses its connection; the control node itself ends the gang with the reason")
    func misbehaves() {
        var control = Self.running()
        let actions = control.handle(.message(.barrierReached(barrier: 7), node: 1))
        guard case .blame(node: 1, let rule)? = actions.first, actions.dropFirst().first == .drop(node: 1) else {
            Issue.record("\(actions)")
            return
        }
        #expect(rule.contains("barrier 1 is next"))
        control = Self.running()
        let own = control.handle(.broke(node: 0, rule: "it spoke"))
        let failures = own.compactMap { if case .send(.release(let failure?), [0, 1]) = $0 { failure } else { nil } }
        #expect(failures.map(\.code) == [.contract], "\(own)")
    }

    @Test("A launch goes from the requests over a port to all nodes, and its failure carries an id")
    func launch() {
        var control = Self.running()
        let request = LaunchRequest(framework: "torchrun", options: [:], processes: 1)
        let asked = WorkerMessage.launchRequested(launch: 1, request: request)
        #expect(control.handle(.message(asked, node: 0)).isEmpty)
        #expect(control.handle(.message(asked, node: 1)) == [.reservePort(Self.round, request, processes: [1, 1])])
        #expect(
            control.handle(.portReserved(Self.round, request, processes: [1, 1], .success(4000))) == [
                .send(.launchStarted(round: Self.round, port: 4000, processes: [1, 1], request: nil), nodes: [0, 1])
            ])
        let lost = WorkerMessage.launchFailed(round: Self.round, failure: Self.failure, evidence: .silence)
        #expect(control.handle(.message(lost, node: 1)) == [.awaitAccount(Self.round, seconds: 0.25)])
        #expect(control.handle(.graceOver(Self.round)) == [.send(.launchStopped(round: Self.round), nodes: [0, 1])])
        _ = control.handle(.message(.launchEnded(round: Self.round), node: 0))
        var cause = Self.failure
        cause.id = "launch 1"
        #expect(
            control.handle(.message(.launchEnded(round: Self.round), node: 1)) == [
                .send(.launchAnswered(launch: 1, failure: cause), nodes: [0, 1])
            ])
        let body = NodeOutcome.failed(
            failure: TaskFailure(code: .body, message: "training failed", node: 0, process: "step"), after: "launch 1")
        #expect(
            control.handle(.message(.ended(outcome: body), node: 0)).contains(
                .send(.release(failure: cause), nodes: [0, 1])))
    }

    @Test("Without a port the gang ends")
    func noPort() {
        var control = Self.running()
        let request = LaunchRequest(framework: "torchrun", options: [:], processes: 1)
        for node in 0...1 { _ = control.handle(.message(.launchRequested(launch: 1, request: request), node: node)) }
        let actions = control.handle(
            .portReserved(Self.round, request, processes: [1, 1], .failure(AgentError("none"))))
        #expect(actions.contains { if case .send(.release, _) = $0 { true } else { false } }, "\(actions)")
    }

    @Test("A command of the launcher goes to its node, and so does its end")
    func remote() {
        var control = Self.running()
        let request = ControlNodeRequest.remoteRequested(id: 1, node: 1, round: Self.round, command: "orted")
        #expect(
            control.handle(.request(request)) == [
                .send(.remoteStarted(id: 1, round: Self.round, command: "orted"), nodes: [1])
            ])
        #expect(
            control.handle(.request(.remoteAbandoned(id: 1))) == [.send(.remoteStopped(id: 1), nodes: [1])])
        #expect(control.handle(.request(.remoteAbandoned(id: 2))).isEmpty)
        #expect(
            control.handle(.message(.remoteEnded(id: 1, code: 7), node: 1)) == [.answer(.remoteEnded(id: 1, code: 7))])
    }

    @Test("A broadcast ends when the last node has its file, or when it cannot be read")
    func broadcast() {
        let offer = NodeStateMachineTests.offer
        var control = Self.running()
        #expect(
            control.handle(.request(.broadcastRequested(offer: offer))) == [
                .send(.broadcastOffered(offer: offer), nodes: [1])
            ])
        #expect(control.handle(.message(.broadcastWanted(broadcast: 1), node: 1)) == [.sendFile(offer, node: 1)])
        var other = control
        #expect(
            control.handle(.message(.broadcastTaken(broadcast: 1, failure: nil), node: 1)) == [
                .answer(.broadcastEnded(broadcast: 1, failure: nil))
            ])
        #expect(control.handle(.message(.broadcastWanted(broadcast: 1), node: 1)).isEmpty)
        guard case .answer(.broadcastEnded(1, .some))? = other.handle(.broadcastFailed(1, AgentError("changed"))).first
        else {
            Issue.record("not ended")
            return
        }
    }

    @Test("The gang ends with a report when every node is released")
    func ends() {
        var control = Self.running()
        _ = control.handle(.message(.ended(outcome: Self.result), node: 0))
        let last = control.handle(.message(.ended(outcome: Self.result), node: 1))
        #expect(
            last == [
                .status(.ended(node: 1, status: .succeeded)), .cancelTimers,
                .send(.release(failure: nil), nodes: [0, 1]),
            ])
        #expect(control.handle(.message(.released, node: 1)) == [.drop(node: 1)])
        guard case .finish(nil, let nodes)? = control.handle(.message(.released, node: 0)).last else {
            Issue.record("not finished")
            return
        }
        #expect(nodes.map(\.status) == [.succeeded, .succeeded])
    }
}
