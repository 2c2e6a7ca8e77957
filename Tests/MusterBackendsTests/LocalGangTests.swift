import MusterModel
import MusterProcess
import MusterWire
import Testing

@testable import MusterBackends

@Suite struct LocalGangTests {
    static let attempt = AttemptID(flow: "F", run: "1", step: "s", task: 1, attempt: 0)
    static let report = GangReport(
        failure: nil, nodes: [NodeReport(index: 0, status: .succeeded), NodeReport(index: 1, status: .succeeded)],
        started: 1, finished: 2)

    private func gang(_ size: Int = 2) -> LocalGang {
        LocalGang(
            attempt: Self.attempt, size: size, controlAddress: "127.1.0.1", grace: 5, times: LocalTimes(), started: 1)
    }

    @Test(
        "A gang of one is over when its agent is ready for another; one that is ready without a report is not trusted")
    func ready() {
        var gang = self.gang(1)
        #expect(gang.handle(.ready, now: 1) == [.kill(node: 0)])
        _ = gang.handle(.status(.finished(report: Self.report)), now: 2)
        #expect(gang.handle(.ready, now: 2) == [.observe(.finished(Self.report))])
        #expect(gang.isOver)
        #expect(gang.handle(.overdue(node: 0), now: 12) == [])
    }

    @Test("A keeper that killed its stopped agent says so by its code", arguments: [0, 1])
    func stoppedAgent(node: Int) {
        var gang = self.gang()
        let actions = gang.handle(
            .exited(node: node, .exited(AgentKeeper.stoppedCode), lastLines: ["its last words"]), now: 2)
        #expect(actions.contains(.sweep(node: node)))
        _ = gang.handle(.swept(node: node), now: 2)
        if node == 1 {
            guard case .tell(0, .stop(let failure))? = actions.first else {
                Issue.record("the control node has to hear of it: \(actions)")
                return
            }
            #expect(failure.code == .lost && failure.node == 1 && failure.message.contains("was stopped by a signal"))
        } else {
            guard
                case .observe(.finished(let report))? = gang.handle(.exited(node: 1, .exited(0), lastLines: []), now: 3)
                    .last
            else {
                Issue.record("the gang has to be over")
                return
            }
            #expect(report.failure?.node == 0 && report.failure?.message.contains("was stopped by a signal") == true)
        }
    }

    @Test("Workers learn where the control node listens; the gang is over when the last agent has left")
    func success() {
        var gang = self.gang()
        #expect(
            gang.handle(.status(.listening(port: 7)), now: 1)
                == [.tell(node: 1, .control(address: "127.1.0.1", port: 7))])
        #expect(
            gang.handle(.status(.finished(report: Self.report)), now: 2)
                == [.killLater(node: 0, seconds: 10), .killLater(node: 1, seconds: 10)])
        #expect(gang.handle(.exited(node: 1, .exited(0), lastLines: []), now: 2) == [])
        #expect(gang.handle(.exited(node: 0, .exited(0), lastLines: []), now: 2) == [.observe(.finished(Self.report))])
        #expect(gang.isOver)
        #expect(gang.handle(.overdue(node: 0), now: 12) == [])
    }

    @Test(
        "A killed worker's agent is swept up after, and its signal is added to the control node's report, whichever comes first",
        arguments: [true, false])
    func workerKilled(reportComesFirst: Bool) {
        var gang = self.gang()
        var failed = Self.report
        failed.failure = TaskFailure(code: .lost, message: "lost contact", node: 1)
        if reportComesFirst { _ = gang.handle(.status(.finished(report: failed)), now: 2) }
        #expect(gang.handle(.exited(node: 1, .signaled(9), lastLines: []), now: 2).contains(.sweep(node: 1)))
        if !reportComesFirst { _ = gang.handle(.status(.finished(report: failed)), now: 2) }
        _ = gang.handle(.exited(node: 0, .exited(0), lastLines: []), now: 2)
        guard case .observe(.finished(let report))? = gang.handle(.swept(node: 1), now: 3).last else {
            Issue.record("the gang has to be over")
            return
        }
        #expect(report.failure?.signal == 9)
        #expect(report.failure?.node == 1)
    }

    @Test("The control node hears of an agent that ends while the gang still comes together")
    func endsEarly() {
        var gang = self.gang(3)
        let end = TaskFailure(
            code: .lost, message: "the agent of node 2 ended: \(ExitStatus.signaled(15))", node: 2, process: "agent",
            signal: 15)
        #expect(
            gang.handle(.exited(node: 2, .signaled(15), lastLines: []), now: 2)
                == [.tell(node: 0, .stop(failure: end)), .sweep(node: 2)])
    }

    @Test("When the control node's agent dies, the gang speaks for it and dismisses the others")
    func controlKilled() {
        var gang = self.gang()
        #expect(
            gang.handle(.exited(node: 0, .signaled(9), lastLines: []), now: 2)
                == [.dismiss(node: 1), .killLater(node: 1, seconds: 7), .sweep(node: 0)])
        #expect(gang.handle(.swept(node: 0), now: 2) == [])
        #expect(gang.handle(.overdue(node: 1), now: 9) == [.kill(node: 1)])
        _ = gang.handle(.exited(node: 1, .signaled(9), lastLines: []), now: 9)
        guard case .observe(.finished(let report))? = gang.handle(.swept(node: 1), now: 9).last else {
            Issue.record("the gang has to be over")
            return
        }
        #expect(report.failure?.code == .lost && report.failure?.node == 0 && report.failure?.signal == 9)
        #expect(report.nodes.map(\.status) == [.failed, .stopped])
    }

    @Test("A cancelled gang is told once why, and is ended by force when it does not leave")
    func cancelled() {
        var gang = self.gang(1)
        let reason = TaskFailure(code: .cancelled, message: "interrupted")
        #expect(
            gang.handle(.cancelled(reason), now: 1)
                == [.tell(node: 0, .stop(failure: reason)), .killLater(node: 0, seconds: 10)])
        #expect(gang.handle(.cancelled(reason), now: 1) == [])
        #expect(gang.handle(.overdue(node: 0), now: 11) == [.kill(node: 0)])
        _ = gang.handle(.exited(node: 0, .signaled(9), lastLines: []), now: 11)
        guard case .observe(.finished(let report))? = gang.handle(.swept(node: 0), now: 11).last else {
            Issue.record("the gang has to be over")
            return
        }
        #expect(report.failure == reason)
    }

    @Test("A silent node that the control node gave up on is killed soon, and that is not told as the cause")
    func silent() {
        var gang = self.gang()
        var failed = Self.report
        failed.failure = TaskFailure(code: .lost, message: "silent", node: 1)
        #expect(
            gang.handle(.status(.finished(report: failed)), now: 2)
                == [.killLater(node: 0, seconds: 10), .killLater(node: 1, seconds: LocalTimes().lostGrace)])
        #expect(gang.handle(.overdue(node: 1), now: 2.2) == [.kill(node: 1)])
        _ = gang.handle(.exited(node: 1, .signaled(9), lastLines: []), now: 2.2)
        _ = gang.handle(.exited(node: 0, .exited(0), lastLines: []), now: 2.3)
        #expect(gang.handle(.swept(node: 1), now: 2.3) == [.observe(.finished(failed))])
    }

    @Test("A worker's agent that stays stopped is the cause, and is killed; the control node ends the others")
    func workerStopped() {
        var gang = self.gang(3)
        let failure = TaskFailure(
            code: .lost, message: "the agent of node 2 was stopped by a signal, and nobody continued it for a second",
            node: 2, process: "agent")
        #expect(
            gang.handle(.stopped(node: 2), now: 2) == [.tell(node: 0, .stop(failure: failure)), .kill(node: 2)])
        #expect(gang.handle(.stopped(node: 2), now: 3) == [])
        #expect(gang.handle(.exited(node: 2, .signaled(9), lastLines: []), now: 3) == [.sweep(node: 2)])
        // Had it not been told in time, the control node would say no more than that it lost the node.
        var report = Self.report
        report.failure = TaskFailure(code: .lost, message: "lost contact", node: 2)
        _ = gang.handle(.status(.finished(report: report)), now: 3)
        for node in 0...1 { _ = gang.handle(.exited(node: node, .exited(0), lastLines: []), now: 3) }
        report.failure = failure
        #expect(gang.handle(.swept(node: 2), now: 3) == [.observe(.finished(report))])
    }

    @Test("When the control node's agent stays stopped, the gang speaks for it")
    func controlStopped() {
        var gang = self.gang()
        #expect(gang.handle(.stopped(node: 0), now: 2) == [.kill(node: 0)])
        #expect(gang.handle(.exited(node: 0, .signaled(9), lastLines: []), now: 2).contains(.dismiss(node: 1)))
        _ = gang.handle(.exited(node: 1, .exited(1), lastLines: []), now: 2)
        _ = gang.handle(.swept(node: 1), now: 2)
        guard case .observe(.finished(let report))? = gang.handle(.swept(node: 0), now: 2).last else {
            Issue.record("the gang has to be over")
            return
        }
        #expect(report.failure?.message.contains("node 0 was stopped") == true)
        #expect(report.nodes.map(\.status) == [.failed, .stopped])
    }

    @Test("An agent that is stopped on its way out is killed, and the report stays as it is")
    func stoppedAfterReport() {
        var gang = self.gang()
        _ = gang.handle(.status(.finished(report: Self.report)), now: 2)
        #expect(gang.handle(.stopped(node: 1), now: 3) == [.kill(node: 1)])
        _ = gang.handle(.exited(node: 1, .signaled(9), lastLines: []), now: 3)
        _ = gang.handle(.exited(node: 0, .exited(0), lastLines: []), now: 3)
        #expect(gang.handle(.swept(node: 1), now: 3) == [.observe(.finished(Self.report))])
    }

    @Test("In a gang that has formed without some, an agent's node is its place among those that came")
    func places() {
        var gang = self.gang(4)
        _ = gang.handle(.status(.formed(nodes: [0, 2, 3])), now: 2)
        guard
            case .tell(0, .stop(let killed))? = gang.handle(.exited(node: 3, .signaled(9), lastLines: []), now: 3).first,
            case .tell(0, .stop(let stopped))? = gang.handle(.stopped(node: 2), now: 3).first
        else {
            Issue.record("the control node has to hear of both")
            return
        }
        #expect(killed.node == 2 && killed.message.contains("node 2"))
        #expect(stopped.node == 1 && stopped.message.contains("node 1"))
    }

    @Test("Loopback addresses are whole, distinct and never an end of their network")
    func addresses() {
        var addresses = LoopbackAddresses(start: .max)
        let taken = addresses.take(70_000)
        #expect(Set(taken).count == taken.count)
        #expect(
            taken.allSatisfy {
                $0.hasPrefix("127.") && !$0.hasSuffix(".0") && !$0.hasSuffix(".255") && !$0.hasPrefix("127.0.")
            })
    }
}
