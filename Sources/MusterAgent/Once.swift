import Synchronization

/// Runs something the first time it is asked to, from any thread.
final class Once: Sendable {
    private let body: Mutex<(@Sendable () -> Void)?>

    init(_ body: @escaping @Sendable () -> Void) { self.body = Mutex(body) }

    func run() { self.body.withLock { $0.take() }?() }
}
