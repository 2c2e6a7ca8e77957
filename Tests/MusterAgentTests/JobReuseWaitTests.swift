import Foundation
import MusterStore
import MusterTestSupport
import MusterWire
import Testing

@testable import MusterAgent

/// A job that waits for its next attempt: the agent's end of ``JobReuse``.
@Suite struct JobReuseWaitTests {
    private let folder: TestFolder
    private let attempt: AttemptFolder

    init() throws {
        self.folder = try TestFolder()
        self.attempt = AttemptFolder(prefix: "\(self.folder.path)/1.0.")
    }

    /// The engine decides.
    /// - Returns: False when that was decided before.
    private func decide(_ order: String?) throws -> Bool {
        try self.attempt.create(LineCoding.encode(JobReuse(order: order)), as: .reuse)
    }

    private func wait(_ seconds: Double) async throws -> String? {
        try await JobReuse.wait(in: self.attempt, seconds: seconds)
    }

    @Test("The order that the engine gives is taken, however late it is seen, and stays the same")
    func given() async throws {
        async let early = self.wait(600)
        #expect(try self.decide("/s/2.0.order"))
        #expect(try await early == "/s/2.0.order")
        #expect(try await self.wait(600) == "/s/2.0.order")
        #expect(try await self.wait(0) == "/s/2.0.order")
    }

    @Test("A job that is let go ends at once")
    func released() async throws {
        #expect(try self.decide(nil))
        #expect(try await self.wait(600) == nil)
    }

    @Test("A job that has waited long enough leaves, and can be given nothing after that")
    func leaves() async throws {
        #expect(try await self.wait(0.05) == nil)
        #expect(try !self.decide("/s/2.0.order"))
    }

    @Test("A store that cannot be written to is told: the job ends")
    func unwritable() async throws {
        await #expect(throws: (any Error).self) {
            _ = try await JobReuse.wait(in: AttemptFolder(prefix: "/no/such/folder/1.0."), seconds: 0.05)
        }
    }
}
