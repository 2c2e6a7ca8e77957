import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Advisory locks (`flock`). A lock belongs to the open file and to the processes that inherit it: the kernel releases it
/// when the last of them has closed it or has ended, for whatever reason.
extension OpenFile {
    package enum LockKind: Sendable {
        /// Any number of open files may hold it together.
        case shared
        case exclusive

        fileprivate var operation: CInt { self == .shared ? LOCK_SH : LOCK_EX }
    }

    /// Takes the lock, or changes the kind of the one that this file holds, if no other open file is against it.
    /// - Returns: False, with `errno` set: to `EWOULDBLOCK` when another open file is, to another number where the file
    ///   system has no locks.
    @discardableResult
    package func tryLock(_ kind: LockKind) -> Bool {
        Self.lock(self.descriptor, kind.operation | LOCK_NB)
    }

    /// Blocks the calling thread until the lock is taken.
    /// - Returns: False, with `errno` set, where the file system has no locks.
    @discardableResult
    package func lock(_ kind: LockKind) -> Bool {
        Self.lock(self.descriptor, kind.operation)
    }

    private static func lock(_ descriptor: CInt, _ operation: CInt) -> Bool {
        while flock(descriptor, operation) != 0 {
            if errno != EINTR { return false }
        }
        return true
    }

    /// Suspends the task until the lock is taken, on a thread that blocks in `flock`, which cannot be awaited otherwise.
    /// - Returns: False when the task was cancelled meanwhile. The thread then releases the lock as soon as it has it.
    package func lockWhenFree(_ kind: LockKind) async -> Bool {
        if self.tryLock(kind) { return true }
        let wait = LockWait()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                guard wait.begin(continuation) else { return }
                let isStarted = Self.startThread {
                    let isTaken = self.lock(kind)
                    // Nobody waits any more: the lock must not stay with a file that its owner may keep open.
                    if !wait.finish(isTaken), isTaken { _ = Self.lock(self.descriptor, LOCK_UN) }
                }
                if !isStarted { wait.finish(false) }
            }
        } onCancel: {
            wait.finish(false)
        }
    }

    private static func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
        let context = Unmanaged.passRetained(ThreadBody(body)).toOpaque()
        var thread = pthread_t()
        let failed = pthread_create(
            &thread, nil,
            { context in
                guard let context else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().body()
                return nil
            }, context)
        guard failed == 0 else {
            Unmanaged<ThreadBody>.fromOpaque(context).release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}

private final class ThreadBody: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// The task that waits for a lock, resumed once: by the lock or by its cancellation.
private final class LockWait: Sendable {
    private enum State {
        case new
        case waiting(CheckedContinuation<Bool, Never>)
        case over
    }

    private let state = Mutex(State.new)

    /// Returns false, with the continuation resumed, when the task was cancelled already.
    func begin(_ continuation: CheckedContinuation<Bool, Never>) -> Bool {
        let isNew = self.state.withLock { state in
            guard case .new = state else { return false }
            state = .waiting(continuation)
            return true
        }
        if !isNew { continuation.resume(returning: false) }
        return isNew
    }

    /// Returns whether a task was waiting.
    @discardableResult
    func finish(_ isTaken: Bool) -> Bool {
        let continuation = self.state.withLock { state -> CheckedContinuation<Bool, Never>? in
            defer { state = .over }
            guard case .waiting(let continuation) = state else { return nil }
            return continuation
        }
        continuation?.resume(returning: isTaken)
        return continuation != nil
    }
}
