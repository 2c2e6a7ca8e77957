internal import Glibc
internal import Synchronization

/// An advisory lock that several programs hold one after the other. It ends with the program that holds it.
struct FileLock: ~Copyable {
    fileprivate let descriptor: CInt

    deinit { close(self.descriptor) }

    /// Takes the lock of the file at `path`, which is made if need be and stays.
    /// - Parameter onWait: Called when somebody else holds it.
    /// - Throws: ``PythonError`` when the file cannot be made, or the task is cancelled while it waits.
    static func take(_ path: String, onWait: () -> Void) async throws(PythonError) -> FileLock {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw CacheFolder.failure("the lock \(path) cannot be made", errno: errno) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return FileLock(descriptor: descriptor) }
        onWait()
        let wait = LockWait(descriptor: descriptor)
        let isTaken = await withTaskCancellationHandler {
            await withCheckedContinuation { wait.start($0) }
        } onCancel: {
            wait.cancel()
        }
        guard isTaken else {
            throw PythonError(code: .cancelled, message: "waiting for another program that holds \(path) was cancelled")
        }
        return FileLock(descriptor: descriptor)
    }
}

/// A thread that blocks in `flock`, which has no other way to wait, and the task that wants to know.
private final class LockWait: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Bool, Never>)
        case over
    }

    private let descriptor: CInt
    private let state = Mutex(State.new)

    init(descriptor: CInt) { self.descriptor = descriptor }

    func start(_ continuation: CheckedContinuation<Bool, Never>) {
        let wasCancelled = self.state.withLock { state in
            guard case .new = state else { return true }
            state = .waiting(continuation)
            return false
        }
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self).toOpaque()
        let failed =
            wasCancelled
            || pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    Unmanaged<LockWait>.fromOpaque(context).takeRetainedValue().block()
                    return nil
                }, context) != 0
        guard failed else {
            pthread_detach(thread)
            return
        }
        Unmanaged<LockWait>.fromOpaque(context).release()
        close(self.descriptor)
        if wasCancelled { continuation.resume(returning: false) } else { self.finish(false) }
    }

    /// The thread itself goes when it gets the lock, and gives it back at once.
    func cancel() { self.finish(false) }

    private func block() {
        while flock(self.descriptor, LOCK_EX) != 0 && errno == EINTR {}
        if !self.finish(true) { close(self.descriptor) }
    }

    /// Returns whether anybody was waiting for it.
    @discardableResult
    private func finish(_ isTaken: Bool) -> Bool {
        let continuation = self.state.withLock { state -> CheckedContinuation<Bool, Never>? in
            defer { state = .over }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(returning: isTaken)
        return continuation != nil
    }
}
