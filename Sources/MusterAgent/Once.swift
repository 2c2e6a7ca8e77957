import Synchronization

/// Runs something the first time it is asked to, from any thread.
final class Once: Sendable {
    private let body: Mutex<(@Sendable () -> Void)?>

    init(_ body: @escaping @Sendable () -> Void) { self.body = Mutex(body) }

    /// Whether it was asked to already.
    var hasRun: Bool { self.body.withLock { $0 == nil } }

    func run() { self.body.withLock { $0.take() }?() }
}
