import FoundationEssentials
import Glibc
import MusterProcess
import MusterWire
import Synchronization

/// The agent's input: the lines of its standard input, the end of that input, and signals.
///
///     idle ──next()──▶ waiting ──NodeSpec──▶ idle ──follow(_:)──▶ following ──pause()──▶ idle
///
/// A line belongs to the phase in which it is read: a ``NodeSpec`` or a ``NextAttempt`` while the agent waits, an
/// ``AgentCommand`` while an attempt runs. Lines that come in between are kept. No attempt begins after the end of the input
/// or after a signal.
final class EngineInput: Sendable {
    private enum Item {
        case line(Data)
        case ended(reason: String)
        /// It cannot be read any further.
        case refused(reason: String)
        case signal(CInt)
    }

    private enum Phase {
        case idle
        case waiting(CheckedContinuation<NodeSpec?, any Error>, previous: NodeSpec?)
        case following(AgentEvents)
    }

    private struct State {
        var lines = LineBuffer()
        var phase = Phase.idle
        var unread: [Item] = []
        var isClosing = false
    }

    private static let stopSignals = [SIGTERM, SIGINT, SIGHUP]
    private let state = Mutex(State())

    /// Reads `descriptor` and handles SIGTERM, SIGINT and SIGHUP.
    init(_ descriptor: CInt, on reactor: ProcessReactor) {
        reactor.handleSignals(Self.stopSignals) { self.put(.signal($0)) }
        reactor.watch(descriptor, onRead: { self.read($0) }, onEnd: { self.put(.ended(reason: "the engine has gone")) })
    }

    /// Waits for the next specification; nil when none can come any more.
    /// - Parameter previous: The specification before, if there was one.
    /// - Throws: When the line cannot be understood.
    func next(after previous: NodeSpec?) async throws -> NodeSpec? {
        try await withCheckedThrowingContinuation { continuation in
            self.change { $0.phase = .waiting(continuation, previous: previous) }
        }
    }

    /// From now on items go to the attempt's events.
    func follow(_ events: AgentEvents) {
        self.change { $0.phase = .following(events) }
    }

    /// The attempt is over: from now on items are kept.
    func pause() {
        self.change { $0.phase = .idle }
    }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        do {
            for line in try self.state.withLock({ try $0.lines.append(bytes) }) { self.put(.line(line)) }
        } catch {
            self.put(.refused(reason: "\(error)"))
        }
    }

    private func put(_ item: Item) {
        self.change { state in
            if case .line = item {} else { state.isClosing = true }
            state.unread.append(item)
        }
    }

    /// Changes the state, then hands over the items that the new phase takes, in order.
    private func change(_ body: (inout State) -> Void) {
        self.state.withLock { state in
            body(&state)
            if case .waiting(let continuation, let previous) = state.phase, state.isClosing || !state.unread.isEmpty {
                state.phase = .idle
                let item = state.unread.isEmpty ? nil : state.unread.removeFirst()
                continuation.resume(with: Result { try Self.spec(item, after: previous) })
            } else if case .following(let events) = state.phase {
                for item in state.unread { events.yield(Self.event(item)) }
                state.unread = []
            }
        }
    }

    private static func spec(_ item: Item?, after previous: NodeSpec?) throws -> NodeSpec? {
        if case .refused(let reason)? = item { throw AgentError("the node's specification was refused: \(reason)") }
        guard case .line(let line)? = item else { return nil }
        if let previous, let attempt = try? LineCoding.decode(NextAttempt.self, from: line) {
            return previous.with(try Self.task(attempt.next, attempt.file, of: 1))
        }
        var spec: NodeSpec
        do {
            spec = try LineCoding.decode(NodeSpec.self, from: line)
        } catch {
            throw AgentError("the node's specification cannot be understood: \(error)")
        }
        spec.task = try Self.task(spec.task, spec.taskFile, of: spec.size)
        spec.taskFile = nil
        return spec
    }

    /// The task of the line, or of the file that the line names. The agent of a gang of one removes the file.
    private static func task(_ brief: TaskFile, _ file: String?, of size: Int) throws -> TaskFile {
        guard let file else { return brief }
        do {
            let task = try LineCoding.decode(TaskFile.self, from: Data(contentsOf: URL(filePath: file)))
            if size == 1 { unlink(file) }
            return task
        } catch {
            throw AgentError("the task in \(file) cannot be read: \(error)")
        }
    }

    private static func event(_ item: Item) -> AgentEvent {
        switch item {
        case .line(let line):
            if let command = try? LineCoding.decode(AgentCommand.self, from: line) { return .command(command) }
            let start = String(decoding: line.prefix(200), as: UTF8.self)
            return .inputEnded(reason: "the engine sent a command that this agent does not understand: \(start)")
        case .signal(let signal): return .signal(signal)
        case .ended(let reason), .refused(let reason): return .inputEnded(reason: reason)
        }
    }
}
