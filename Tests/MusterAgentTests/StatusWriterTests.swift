import MusterWire
import Testing

@testable import MusterAgent

@Suite struct StatusWriterTests {
    private let pipe = StatusPipe()
    private let clock = ManualAgentClock()
    private let writer: StatusWriter

    init() { self.writer = StatusWriter(descriptor: self.pipe.writer, clock: self.clock) }

    @Test("A line that is not urgent waits five milliseconds, for others too")
    func waits() throws {
        self.writer.send(.started(node: 0), isUrgent: false)
        self.clock.advance(by: 0.004)
        self.writer.send(.log(node: 0, bytes: 7), isUrgent: false)
        #expect(try self.pipe.statuses() == [])
        self.clock.advance(by: 0.001)
        #expect(try self.pipe.statuses() == [.started(node: 0), .log(node: 0, bytes: 7)])
        self.writer.send(.ready, isUrgent: false)
        #expect(try self.pipe.statuses() == [])
        self.clock.advance(by: 0.005)
        #expect(try self.pipe.statuses() == [.ready])
    }

    @Test("An urgent line takes along those that wait")
    func urgent() throws {
        self.writer.send(.started(node: 0), isUrgent: false)
        self.writer.send(.ready)
        #expect(try self.pipe.statuses() == [.started(node: 0), .ready])
        self.clock.advance(by: 1)
        #expect(try self.pipe.statuses() == [])
    }
}
