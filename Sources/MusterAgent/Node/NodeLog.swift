import MusterProcess
import MusterStore
import MusterWire
import Synchronization

/// The node's log: what its processes write goes to the store as it comes, and the engine hears how far it has grown.
final class NodeLog: Sendable {
    /// Seconds for which growth is collected before the engine hears of it.
    private static let pause = 0.005

    private struct State {
        /// Made with the first bytes: many programs write nothing.
        var writer: LogWriter?
        var bytes = 0
        var isScheduled = false
        var hasFailed = false
    }

    private let path: String
    private let node: Int
    private let status: StatusWriter
    private let reactor: ProcessReactor
    private let onFailure: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameter onFailure: Called once, when the log cannot be written any more.
    init(
        path: String, node: Int, status: StatusWriter, reactor: ProcessReactor,
        onFailure: @escaping @Sendable (String) -> Void
    ) {
        self.path = path
        self.node = node
        self.status = status
        self.reactor = reactor
        self.onFailure = onFailure
    }

    /// Called on the reactor's thread.
    func append(process: Int, _ stream: OutputStream, _ bytes: UnsafeRawBufferPointer) {
        do {
            let schedules = try self.state.withLock { (state) throws -> Bool in
                let writer = try state.writer ?? LogWriter(path: self.path)
                state.writer = writer
                state.bytes = try writer.append(
                    process: process, stream: stream == .standardOutput ? .standardOutput : .standardError, bytes: bytes)
                defer { state.isScheduled = true }
                return !state.isScheduled
            }
            if schedules { self.reactor.schedule(after: Self.pause) { [weak self] in self?.flush() } }
        } catch {
            let isFirst = self.state.withLock { state in
                defer { state.hasFailed = true }
                return !state.hasFailed
            }
            if isFirst { self.onFailure("\(error)") }
        }
    }

    /// Tells the engine now.
    func flush() {
        let bytes = self.state.withLock { state -> Int? in
            defer { state.isScheduled = false }
            return state.isScheduled ? state.bytes : nil
        }
        if let bytes { self.status.send(.log(node: self.node, bytes: bytes)) }
    }
}
