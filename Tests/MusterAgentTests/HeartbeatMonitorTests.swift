import NIOCore
import Testing

@testable import MusterAgent

@Suite struct HeartbeatMonitorTests {
    private let start = NIODeadline.uptimeNanoseconds(0)

    @Test("A peer that says nothing for five seconds is lost, one that says something is not")
    func silence() {
        var monitor = HeartbeatMonitor(now: self.start)
        for second in 1...5 {
            let isLost = monitor.tick(now: self.start + .seconds(Int64(second)))
            #expect(!isLost)
        }
        let isLost = monitor.tick(now: self.start + .seconds(6))
        #expect(isLost)
        var other = HeartbeatMonitor(now: self.start)
        for second in 1...60 {
            if second % 4 == 0 { other.hear(now: self.start + .seconds(Int64(second))) }
            let isLost = other.tick(now: self.start + .seconds(Int64(second)))
            #expect(!isLost)
        }
    }

    @Test("Who was itself stopped for a while does not hold it against the peer")
    func stopped() {
        var monitor = HeartbeatMonitor(now: self.start)
        for second in [1] + Array(60...65) {
            let isLost = monitor.tick(now: self.start + .seconds(Int64(second)))
            #expect(!isLost)
        }
        let isLost = monitor.tick(now: self.start + .seconds(66))
        #expect(isLost)
    }
}
