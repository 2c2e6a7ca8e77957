import MusterModel
import MusterWire
import Testing

@testable import MusterBackends

/// Every order of five events, from a gang whose submission is under way.
@Suite struct QueuedGangSearchTests {
    private static let events: [(seconds: Double, event: QueuedGang.Event)] = [
        (1, .submitted(GangStory.job)),
        (1, .submissionFailed(QueuedGangTests.timedOut)),
        (1, .submissionFailed(BackendError(code: .refused, message: "no", isTransient: false))),
        (1, .looked(QueuedGangTests.waits)), (1, .looked(QueuedGangTests.hopeless)), (1, .looked(.running(hosts: []))),
        (1, .looked(QueuedGangTests.nodeFailed)), (1, .looked(QueuedGangTests.forgotten)),
        (1, .looked(.unknown(reason: ""))), (1, .word), (1, .report(GangStory.report)),
        (1, .stop(GangStory.cancelled)), (1, .tick), (100, .tick),
    ]

    /// The facts that the rules are checked against, recorded without the machine's help.
    private struct Facts {
        var now = 0.0
        var finished = 0
        var over = 0
        var wasStopped = false
        var wasReported = false
        var wasSubmitted = false
        /// When the scheduler said first, in an unbroken row, that the job is over.
        var ended: Double?
        var heard: Double?
    }

    private var faults: [String] = []
    private var count = 0

    @Test("In every order of events an attempt finishes at most once, and is never lost while anything may still live")
    func everyOrder() throws {
        var search = QueuedGangSearchTests()
        var gang = QueuedGang(name: GangStory.job.name, timing: QueuedGangTiming(), at: 0)
        #expect(try gang.handle(.tick, at: 0) == [.submit])
        search.walk(gang, Facts(), path: [], depth: 5)
        #expect(search.faults.prefix(5).isEmpty)
        #expect(search.count > 100_000)
    }

    private mutating func walk(_ gang: QueuedGang, _ facts: Facts, path: [Int], depth: Int) {
        guard depth > 0, self.faults.isEmpty else { return }
        for (index, (seconds, event)) in Self.events.enumerated() {
            var facts = facts
            facts.now += seconds
            var next = gang
            let path = path + [index]
            do {
                let actions = try next.handle(event, at: facts.now)
                self.count += 1
                self.check(event, actions, gang, next, &facts, path)
                self.walk(next, facts, path: path, depth: depth - 1)
            } catch {
                if next != gang { self.faults.append("\(path): a refused event changed the gang") }
            }
        }
    }

    private mutating func check(
        _ event: QueuedGang.Event, _ actions: [QueuedGang.Action], _ before: QueuedGang, _ after: QueuedGang,
        _ facts: inout Facts, _ path: [Int]
    ) {
        func fault(_ text: String) { self.faults.append("\(path): \(text): \(actions)") }
        switch event {
        case .submitted: facts.wasSubmitted = true
        case .word: facts.heard = facts.now
        case .stop: facts.wasStopped = true
        case .report:
            facts.wasReported = true
            facts.heard = facts.now
        case .looked(.ended) where before.job != nil: facts.ended = facts.ended ?? facts.now
        case .looked(.queued), .looked(.running): facts.ended = nil
        case .looked(.unknown):
            var ticked = before
            let same = (try? ticked.handle(.tick, at: facts.now)) == actions && ticked == after
            if !same { fault("an answer that says nothing did something") }
        default: break
        }
        for action in actions {
            switch action {
            case .observe(.finished(let report)):
                facts.finished += 1
                Self.checkEnd(report, facts, fault)
            case .over: facts.over += 1
            case .submit where facts.wasSubmitted: fault("a gang with a job is submitted")
            case .submit where facts.finished > 0: fault("a finished attempt is submitted")
            case .observe(.status), .observe(.waits), .observe(.runs), .stop:
                if facts.finished > 0 { fault("a finished attempt goes on") }
            default: break
            }
        }
        if facts.finished > 1 { fault("it finishes twice") }
        if facts.over > 1 { fault("it is over twice") }
        if facts.over > facts.finished { fault("it is over and has not finished") }
        if facts.wasReported, facts.finished == 0 { fault("its report ends nothing") }
    }

    private static func checkEnd(_ report: GangReport, _ facts: Facts, _ fault: (String) -> Void) {
        guard let failure = report.failure, failure.code == .place, facts.wasSubmitted,
            !failure.message.contains("no node has written")
        else { return }
        guard let ended = facts.ended else { return fault("it is lost and the scheduler has not said so") }
        if facts.now - max(ended, facts.heard ?? ended) < 90 { fault("it is lost before 90 s of silence") }
    }
}
