import Foundation
import MusterSystem
import Testing

@Suite struct LockTests {
    private let folder: TestFolder

    init() throws { self.folder = try TestFolder() }

    private func open() throws -> OpenFile { try OpenFile(self.folder.file("lock"), O_RDWR | O_CREAT) }

    @Test("Shared locks go together, an exclusive one goes alone, and closing the file releases it")
    func kinds() throws {
        let first = try self.open()
        var second: OpenFile? = try self.open()
        #expect(first.tryLock(.shared) && second?.tryLock(.shared) == true)
        #expect(!first.tryLock(.exclusive) && errno == EWOULDBLOCK)
        second = nil
        #expect(first.tryLock(.exclusive))
        #expect(try !self.open().tryLock(.shared))
        #expect(first.tryLock(.shared))
        #expect(try self.open().tryLock(.shared))
    }

    @Test("A task waits until the lock is released")
    func wait() async throws {
        var holder: OpenFile? = try self.open()
        #expect(holder?.tryLock(.exclusive) == true)
        let waiter = try self.open()
        let taken = Task { await waiter.lockWhenFree(.exclusive) }
        try await Task.sleep(for: .milliseconds(50))
        holder = nil
        #expect(await taken.value)
        #expect(try !self.open().tryLock(.shared))
    }

    @Test("A task that is cancelled while it waits does not keep the lock")
    func cancel() async throws {
        var holder: OpenFile? = try self.open()
        #expect(holder?.tryLock(.exclusive) == true)
        let waiter = try self.open()
        let taken = Task { await waiter.lockWhenFree(.exclusive) }
        try await Task.sleep(for: .milliseconds(50))
        taken.cancel()
        #expect(await !taken.value)
        holder = nil
        let next = try self.open()
        #expect(await next.lockWhenFree(.exclusive), "the cancelled task's thread gets the lock first and releases it")
        withExtendedLifetime(waiter) {}
    }

    @Test("A task that is cancelled before it waits does not wait")
    func cancelled() async throws {
        let holder = try self.open()
        #expect(holder.tryLock(.exclusive))
        let waiter = try self.open()
        let taken = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await waiter.lockWhenFree(.exclusive)
        }
        #expect(await !taken.value)
        withExtendedLifetime(holder) {}
    }
}
