import Testing

@testable import MusterModel

/// Programs that have gone without a word, because somebody killed what watched them, or because their launcher did.
@Suite struct LaunchSuspectTests {
    static let first = LaunchRound(launch: 1, restart: 0)
    static let request = LaunchRequest(
        framework: "mpi", options: [:], processes: 1, asker: .controlNode, processesOfAll: [1, 0, 0])

    static func failure(_ node: Int, _ process: String = "rank") -> TaskFailure {
        TaskFailure(code: .signal, message: "\(process) of node \(node)", node: node, process: process)
    }

    static func failed(
        _ node: Int, _ evidence: LaunchEvidence, _ process: String = "rank", round: LaunchRound = first
    ) -> LaunchStateMachine.Event {
        .failed(node: node, round: round, failure: failure(node, process), evidence: evidence)
    }

    static func running() throws -> LaunchStateMachine {
        var machine = LaunchStateMachine(size: 3)
        _ = try machine.handle(.requested(node: 0, launch: 1, request: self.request))
        return machine
    }

    /// The cause with which the launch is answered once all nodes have ended.
    static func cause(of machine: LaunchStateMachine) throws -> TaskFailure? {
        var machine = machine
        var actions: [LaunchStateMachine.Action] = []
        for node in 0..<3 { actions += try machine.handle(.ended(node: node, round: self.first)) }
        guard case .answer(launch: 1, nodes: [0], let failure)? = actions.last else {
            Issue.record("\(actions)")
            return nil
        }
        return failure
    }

    @Test(
        "The first to fall silent is the cause, whatever ends on other nodes in the next moment",
        arguments: [LaunchEvidence.hearsay, .silence, .end])
    func silence(evidence: LaunchEvidence) throws {
        var machine = try Self.running()
        #expect(try machine.handle(Self.failed(1, .silence)) == [.awaitAccount(round: Self.first, isHearsay: false)])
        #expect(try machine.handle(Self.failed(2, evidence)) == [])
        #expect(try machine.handle(Self.failed(0, evidence)) == [])
        #expect(try machine.handle(.graceOver(round: Self.first)) == [.stop(round: Self.first)])
        #expect(try Self.cause(of: machine) == Self.failure(1))
    }

    @Test("An account that comes in time is the cause instead")
    func account() throws {
        var machine = try Self.running()
        _ = try machine.handle(Self.failed(1, .silence))
        #expect(try machine.handle(Self.failed(0, .account, "mpiexec")) == [.stop(round: Self.first)])
        #expect(try machine.handle(.graceOver(round: Self.first)) == [])
        #expect(try Self.cause(of: machine) == Self.failure(0, "mpiexec"))
    }

    @Test("A launcher that only says that something has died is the cause when nobody knows more")
    func hearsay() throws {
        var machine = try Self.running()
        #expect(
            try machine.handle(Self.failed(0, .hearsay, "mpiexec")) == [
                .awaitAccount(round: Self.first, isHearsay: true)
            ])
        #expect(try machine.handle(Self.failed(0, .hearsay, "another")) == [])
        #expect(try machine.handle(.graceOver(round: Self.first)) == [.stop(round: Self.first)])
        #expect(try Self.cause(of: machine) == Self.failure(0, "mpiexec"))
    }

    @Test("Whoever knows what has died is believed before that launcher", arguments: [LaunchEvidence.end, .account])
    func betterThanHearsay(evidence: LaunchEvidence) throws {
        var machine = try Self.running()
        _ = try machine.handle(Self.failed(0, .hearsay, "mpiexec"))
        #expect(try machine.handle(Self.failed(2, evidence)) == [.stop(round: Self.first)])
        #expect(try Self.cause(of: machine) == Self.failure(2))
    }

    @Test("A program that has fallen silent is suspected before that launcher, and then nobody else")
    func silenceBesideHearsay() throws {
        var machine = try Self.running()
        _ = try machine.handle(Self.failed(0, .hearsay, "mpiexec"))
        #expect(try machine.handle(Self.failed(2, .silence)) == [.awaitAccount(round: Self.first, isHearsay: false)])
        #expect(try machine.handle(Self.failed(1, .end)) == [])
        #expect(try machine.handle(.graceOver(round: Self.first)) == [.stop(round: Self.first)])
        #expect(try Self.cause(of: machine) == Self.failure(2))
    }

    @Test("An account that comes too late is none")
    func lateAccount() throws {
        var machine = try Self.running()
        _ = try machine.handle(Self.failed(1, .silence))
        _ = try machine.handle(.graceOver(round: Self.first))
        #expect(try machine.handle(Self.failed(0, .account, "mpiexec")) == [])
        #expect(try Self.cause(of: machine) == Self.failure(1))
    }

    @Test("Silence after a failure is a consequence", arguments: [LaunchEvidence.end, .account])
    func silenceAfterwards(evidence: LaunchEvidence) throws {
        var machine = try Self.running()
        #expect(try machine.handle(Self.failed(2, evidence)) == [.stop(round: Self.first)])
        #expect(try machine.handle(Self.failed(1, .silence)) == [])
        #expect(try Self.cause(of: machine) == Self.failure(2))
    }

    @Test("A launch that is over before the doubt is has failed all the same")
    func overBefore() throws {
        var machine = try Self.running()
        _ = try machine.handle(Self.failed(1, .silence))
        #expect(try Self.cause(of: machine) == Self.failure(1))
    }

    @Test("Doubt about a round that is over changes nothing")
    func lateDoubt() throws {
        var machine = try Self.running()
        #expect(try machine.handle(.graceOver(round: Self.first)) == [])
        #expect(try machine.handle(.graceOver(round: LaunchRound(launch: 1, restart: 1))) == [])
        for node in 0..<3 { _ = try machine.handle(.ended(node: node, round: Self.first)) }
        let before = machine
        #expect(try machine.handle(.graceOver(round: Self.first)) == [])
        #expect(machine == before)
    }
}
