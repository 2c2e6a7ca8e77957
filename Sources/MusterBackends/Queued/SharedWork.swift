internal import Synchronization

/// Work that is under way, by name: whoever asks for it a second time waits for the first, and has its outcome.
package final class SharedWork<Value: Sendable>: Sendable {
    private let running = Mutex<[String: Task<Result<Value, BackendError>, Never>]>([:])

    package init() {}

    /// Does the work called `name`, unless that is under way.
    package func once(
        _ name: String, _ work: @escaping @Sendable () async throws(BackendError) -> Value
    ) async throws(BackendError) -> Value {
        let task = self.running.withLock { running in
            if let task = running[name] { return task }
            let task = Task { await self.result(name, work) }
            running[name] = task
            return task
        }
        return try await task.value.get()
    }

    private func result(
        _ name: String, _ work: @Sendable () async throws(BackendError) -> Value
    ) async -> Result<Value, BackendError> {
        let result: Result<Value, BackendError>
        do throws(BackendError) {
            result = .success(try await work())
        } catch {
            result = .failure(error)
        }
        self.running.withLock { $0[name] = nil }
        return result
    }
}
