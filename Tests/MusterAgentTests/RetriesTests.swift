import Synchronization
import Testing

@testable import MusterAgent

@Suite struct RetriesTests {
    @Test("A probe looks once an interval, and no more once its time is over")
    func looks() {
        let clock = ManualAgentClock()
        let looks = Mutex<[Double]>([])
        let retries = Retries(seconds: 1, interval: 0.25, clock: clock)
        @Sendable func look() {
            looks.withLock { $0.append(clock.uptime) }
            retries.again(look)
        }
        look()
        clock.advance(by: 60)
        #expect(looks.withLock { $0 } == [0, 0.25, 0.5, 0.75, 1])
    }
}
