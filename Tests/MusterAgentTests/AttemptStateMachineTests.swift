import MusterModel
import Testing

@testable import MusterAgent

@Suite struct AttemptStateMachineTests {
    typealias Machine = AttemptStateMachine

    static let failure = TaskFailure(code: .cancelled, message: "enough")
    static let report = GangReport(failure: nil, nodes: [], started: 0, finished: 1)
    static let cancelled = GangReport(failure: failure, nodes: [], started: 0, finished: 1)

    static func machine(_ kind: Machine.Kind, _ events: [Machine.Event] = []) throws -> Machine {
        var machine = Machine(kind: kind, rendezvousDeadline: 60)
        for event in events { _ = try machine.handle(event) }
        return machine
    }

    @Test("The control node writes the gang's report, sends it, and leaves")
    func control() throws {
        var machine = try Self.machine(.control)
        #expect(try machine.handle(.stop(Self.failure, node: .active)) == [.stopGang(Self.failure)])
        #expect(try machine.handle(.rendezvousDeadline(node: .waiting)) == [.passDeadline])
        #expect(try machine.handle(.gangOver(Self.report)) == [.write(Self.report)])
        #expect(try machine.handle(.gangOver(Self.report)).isEmpty)
        #expect(try machine.handle(.reportWritten(Self.report, problem: nil)) == [.send(Self.report)])
        #expect(machine.phase == .over(.done, .present))
    }

    @Test("A report that cannot be written is sent all the same, and told by the exit code")
    func unwritten() throws {
        var machine = try Self.machine(.control, [.gangOver(Self.report)])
        #expect(
            try machine.handle(.reportWritten(Self.report, problem: "no room")) == [
                .print("no room"), .send(Self.report),
            ])
        #expect(machine.phase == .over(.lost, .present))
    }

    @Test("Without the engine an attempt that is cancelled for that has no report; one that failed before has")
    func abandoned() throws {
        var machine = try Self.machine(.control)
        #expect(try machine.handle(.engineGone(reason: "the engine has gone", node: .active)).count == 1)
        #expect(try machine.handle(.gangOver(Self.cancelled)).isEmpty)
        #expect(machine.phase == .over(.done, .gone))
        var failed = try Self.machine(.control, [.engineGone(reason: "", node: .active)])
        #expect(try failed.handle(.gangOver(Self.report)) == [.write(Self.report)])
    }

    @Test("A worker whose body runs reports a reason to end; otherwise it releases itself")
    func worker() throws {
        var machine = try Self.machine(.worker)
        #expect(try machine.handle(.stop(Self.failure, node: .active)) == [.failNode(Self.failure)])
        let lost = TaskFailure(code: .lost, message: "enough")
        #expect(try machine.handle(.stop(Self.failure, node: .ending)) == [.print("enough"), .releaseNode(lost)])
        #expect(try machine.handle(.controlLost(reason: "again", node: .ending)).isEmpty)
        #expect(try machine.handle(.nodeReleased(isConnected: false)).isEmpty)
        #expect(machine.phase == .over(.lost, .present))
    }

    @Test("A worker that is released leaves when the control node has closed the connection, or after a while")
    func parting() throws {
        for end: Machine.Event in [.nodeReleased(isConnected: false), .partingDeadline] {
            var machine = try Self.machine(.worker)
            #expect(try machine.handle(.nodeReleased(isConnected: true)) == [.awaitClose])
            #expect(try machine.handle(.nodeReleased(isConnected: true)).isEmpty)
            #expect(try machine.handle(end).isEmpty)
            #expect(machine.phase == .over(.done, .present))
        }
    }

    @Test("A worker gives up at the deadline only while it waits for the roster")
    func deadline() throws {
        var waiting = try Self.machine(.worker)
        #expect(try waiting.handle(.rendezvousDeadline(node: .waiting)).count == 2)
        var running = try Self.machine(.worker)
        #expect(try running.handle(.rendezvousDeadline(node: .active)).isEmpty)
    }

    // MARK: Every event in every phase

    static let events: [Machine.Event] = [
        .stop(failure, node: .active), .stop(failure, node: .released), .engineGone(reason: "gone", node: .released),
        .rendezvousDeadline(node: .waiting), .controlLost(reason: "lost", node: .active),
        .nodeReleased(isConnected: true), .nodeReleased(isConnected: false), .partingDeadline, .gangOver(report),
        .reportWritten(report, problem: nil),
    ]

    /// For each phase the verdicts in the order of ``events``: x illegal, . too late, ! handled.
    static let table: [(Machine.Kind, [Machine.Event], String)] = [
        (.control, [], "!!!!xxxx!x"),
        (.control, [.gangOver(report)], "!!!!xxxx.!"),
        (.control, [.gangOver(report), .reportWritten(report, problem: nil)], "!!!!xxxx.x"),
        (.worker, [], "!.!!!!!.xx"),
        (.worker, [.controlLost(reason: "lost", node: .active)], "!.!..!!.xx"),
        (.worker, [.nodeReleased(isConnected: true)], "!.!...!!xx"),
        (.worker, [.nodeReleased(isConnected: false)], "!.!.....xx"),
    ]

    @Test(
        "Every event in every phase is handled, comes too late, or is refused without a change",
        arguments: table.indices,
        events.indices)
    func everyEvent(phase: Int, event: Int) throws {
        let (kind, way, verdicts) = Self.table[phase]
        let before = try Self.machine(kind, way)
        var machine = before
        let verdict = Array(verdicts)[event]
        do {
            let actions = try machine.handle(Self.events[event])
            #expect(verdict != "x", "\(Self.events[event]) while \(before.phase)")
            #expect(
                (actions.isEmpty && machine == before) == (verdict == "."),
                "\(Self.events[event]) while \(before.phase): \(actions)")
        } catch {
            #expect(verdict == "x", "\(error)")
            #expect(machine == before)
            #expect(!error.description.isEmpty)
        }
    }
}
