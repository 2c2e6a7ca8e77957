import Testing

@testable import MusterDashboard

private struct Count: LiveView, Equatable {
    var count: Int
    var isFinal: Bool { self.count >= 3 }
}

@Suite struct LiveStreamTests {
    @Test("A state is sent once, and the stream is over with the last one")
    func states() {
        var stream = LiveStream<Count>()
        #expect(stream.event(for: .success(Count(count: 1))) == "data: {\"count\":1}\n\n")
        #expect(stream.event(for: .success(Count(count: 1))) == nil)
        #expect(!stream.isOver)
        #expect(stream.event(for: .success(Count(count: 3))) == "data: {\"count\":3}\n\n")
        #expect(stream.isOver)
    }

    @Test("A look that fails is told once and ends nothing")
    func failures() {
        var stream = LiveStream<Count>()
        let failure = DashboardError(.missing, "a \"name\"\nof two lines")
        #expect(
            stream.event(for: .failure(failure))
                == "event: failure\ndata: {\"message\":\"a \\\"name\\\"\\nof two lines\"}\n\n")
        #expect(stream.event(for: .failure(failure)) == nil)
        #expect(stream.event(for: .success(Count(count: 1))) != nil)
        #expect(stream.event(for: .failure(failure)) != nil)
        #expect(stream.last == Count(count: 1) && !stream.isOver)
    }
}
