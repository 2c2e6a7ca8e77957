import Glibc
import MusterWire
import Testing

@testable import MusterAgent

@Suite struct StatusWriterTests {
    private let pipe = StatusPipe()
    private let writer: StatusWriter

    init() { self.writer = StatusWriter(descriptor: self.pipe.writer, clock: ManualAgentClock()) }

    @Test("Each line is written at once, in order")
    func order() throws {
        self.writer.send(.started(node: 0))
        #expect(try self.pipe.statuses() == [.started(node: 0)])
        self.writer.send(.log(node: 0, bytes: 7))
        self.writer.send(.ready)
        #expect(try self.pipe.statuses() == [.log(node: 0, bytes: 7), .ready])
    }

    @Test("A pipe that nobody reads blocks no sender, and every line comes once it is read, in order")
    func full() throws {
        // 64 KiB fill the pipe.
        for bytes in 0..<5_000 { self.writer.send(.log(node: 0, bytes: bytes)) }
        var statuses: [AgentStatus] = []
        let end = ContinuousClock.now + .seconds(60)
        while statuses.count < 5_000, ContinuousClock.now < end {
            statuses += try self.pipe.statuses()
            usleep(1_000)
        }
        #expect(statuses == (0..<5_000).map { .log(node: 0, bytes: $0) })
    }
}
