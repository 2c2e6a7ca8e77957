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
        #expect(!starts.note("a", creating, at: 0))
        #expect(!starts.note("a", creating, at: 11))
        #expect(starts.note("a", creating, at: 12))
        #expect(!starts.note("a", creating, at: 13))
        #expect(starts.explained(creating, of: "a") == creating)
        starts.learn("FailedMount: no such disk", about: "a")
        #expect(starts.explained(creating, of: "a") == .queued(JobWait(reason: "FailedMount: no such disk")))
        #expect(starts.explained(creating, of: "b") == creating)
        #expect(starts.note("a", creating, at: 24))
        let running = JobState.running(hosts: [])
        #expect(!starts.note("a", running, at: 25))
        #expect(starts.explained(running, of: "a") == running)
        #expect(!starts.note("a", creating, at: 40))
        #expect(starts.explained(creating, of: "a") == creating)
    }
}
