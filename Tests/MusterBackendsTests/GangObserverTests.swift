import MusterModel
import Synchronization
import Testing

@testable import MusterBackends

@Suite("The observer of gangs")
struct GangObserverTests {
    @Test("What is told last costs no more stack than what is told first")
    func many() {
        let observer = GangObserver()
        let count = Mutex(0)
        observer.set { _ in count.withLock { $0 += 1 } }
        let attempt = AttemptID(flow: "F", run: "1", step: "start", task: 1, attempt: 0)
        for _ in 0..<300_000 { observer.tell(GangObservation(attempt: attempt, event: .started(node: 0))) }
        #expect(count.withLock { $0 } == 300_000)
    }
}
