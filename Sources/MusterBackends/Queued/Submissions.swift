internal import Synchronization

/// The submissions that are under way, by the jobs' names: whoever asks for one a second time waits for the first, and has its
/// outcome.
package final class Submissions: Sendable {
    private let running = Mutex<[String: Task<Result<BackendJob, BackendError>, Never>]>([:])

    package init() {}

    /// Submits the job called `name`, unless that is under way.
    package func once(
        _ name: String, _ submit: @escaping @Sendable () async throws(BackendError) -> BackendJob
    ) async throws(BackendError) -> BackendJob {
        let submission = self.running.withLock { running in
            if let submission = running[name] { return submission }
            let submission = Task { await self.result(name, submit) }
            running[name] = submission
            return submission
        }
        return try await submission.value.get()
    }

    private func result(
        _ name: String, _ submit: @Sendable () async throws(BackendError) -> BackendJob
    ) async -> Result<BackendJob, BackendError> {
        let result: Result<BackendJob, BackendError>
        do throws(BackendError) {
            result = .success(try await submit())
        } catch {
            result = .failure(error)
        }
        self.running.withLock { $0[name] = nil }
        return result
    }
}
