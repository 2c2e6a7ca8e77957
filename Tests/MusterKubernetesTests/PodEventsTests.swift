import Foundation
import MusterBackends
import Testing

@testable import MusterKubernetes

@Suite struct PodEventsTests {
    @Test("The newest warning counts, and no other event")
    func newest() throws {
        let text = """
            {"items": [
              {"type": "Normal", "reason": "Scheduled", "message": "to n1", "lastTimestamp": "2026-01-01T00:00:09Z"},
              {"type": "Warning", "reason": "FailedMount", "message": "no such disk", "lastTimestamp": "2026-01-01T00:00:08Z"},
              {"type": "Warning", "reason": "FailedScheduling", "message": "no room", "lastTimestamp": "2026-01-01T00:00:01Z"}]}
            """
        let events = try JSONDecoder().decode(PodEvents.self, from: Data(text.utf8))
        #expect(events.warning == "FailedMount: no such disk")
        #expect(PodEvents(items: []).warning == nil)
    }

    @Test("A container that is made for long is asked about now and then, and what is known is forgotten when it runs")
    func slow() {
        let creating = JobState.queued(JobWait(reason: PodState.creating))
        var starts = SlowStarts()
        func note(_ job: String, _ state: JobState, _ now: Double) -> Bool { starts.note(job, state, at: now) }
        #expect([0, 11, 12, 13].map { note("a", creating, $0) } == [false, false, true, false])
        #expect(starts.explained(creating, of: "a") == creating)
        starts.learn("FailedMount: no such disk", about: "a")
        #expect(starts.explained(creating, of: "a") == .queued(JobWait(reason: "FailedMount: no such disk")))
        #expect(starts.explained(creating, of: "b") == creating)
        #expect(note("a", creating, 24))
        let running = JobState.running(hosts: [])
        #expect(!note("a", running, 25))
        #expect(starts.explained(running, of: "a") == running)
        #expect(!note("a", creating, 40))
        #expect(starts.explained(creating, of: "a") == creating)
    }
}
