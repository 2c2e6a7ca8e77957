import Dispatch
import MusterModel
import MusterProcess
import MusterStore
import MusterWire
import Synchronization

/// The node's log: the output of its processes goes to the store in the order in which it came, and the engine hears of its
/// length.
///
/// It is written on a queue of its own, because a store may stall, and the thread that reads the pipes also starts, signals
/// and reaps processes. At most 4 MiB wait to be written: beyond that the pipes are not read, and the processes block.
final class NodeLog: Sendable {
    /// Bytes that may wait to be written.
    static let mostWaiting = 4 << 20

    private struct Piece {
        let process: Int
        let stream: ProcessStream
        let bytes: [UInt8]
        let time: Int64
    }

    private struct State {
        var waiting: [Piece] = []
        /// Bytes of those, and of the ones that are being written.
        var waitingBytes = 0
        var isWriting = false
        var isHoldingBack = false
        /// Called once everything that waited when they were added is written.
        var onWritten: [@Sendable () -> Void] = []
        /// Bytes of the file.
        var bytes = 0
        var isScheduled = false
        var hasFailed = false
    }

    private let path: String
    private let node: Int
    private let status: StatusWriter
    private let reactor: ProcessReactor
    private let clock: any AgentClock
    private let interval: Double
    private let echo: LogEcho?
    private let onFailure: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "muster.log")
    /// Opened with the first bytes: many programs write nothing. Used on the queue only.
    private let writer = Mutex<LogWriter?>(nil)

    /// - Parameters:
    ///   - interval: Seconds between two reports of the length: each wakes the engine.
    ///   - echo: Shows what is written in another place, too.
    ///   - onFailure: Called once, when the log cannot be written any more.
    init(
        path: String, node: Int, status: StatusWriter, reactor: ProcessReactor, clock: any AgentClock,
        interval: Double = NodeSettings().logInterval, echo: LogEcho? = nil,
        onFailure: @escaping @Sendable (String) -> Void
    ) {
        self.path = path
        self.node = node
        self.status = status
        self.reactor = reactor
        self.clock = clock
        self.interval = interval
        self.echo = echo
        self.onFailure = onFailure
    }

    deinit { if self.state.withLock({ $0.isHoldingBack }) { self.reactor.resumeOutput() } }

    /// Adds output of a process. Never blocks.
    func append(process: Int, _ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        let piece = Piece(
            process: process, stream: stream, bytes: Array(bytes), time: Int64(self.clock.now * 1e6))
        let (isFirst, holdsBack) = self.state.withLock { state in
            state.waiting.append(piece)
            state.waitingBytes += piece.bytes.count
            let holdsBack = state.waitingBytes > Self.mostWaiting && !state.isHoldingBack
            if holdsBack { state.isHoldingBack = true }
            defer { state.isWriting = true }
            return (!state.isWriting, holdsBack)
        }
        if holdsBack { self.reactor.holdOutput() }
        if isFirst { self.queue.async { self.write() } }
    }

    /// Calls `body` once there is room for more.
    func whenRoom(_ body: @escaping @Sendable () -> Void) {
        let hasRoom = self.state.withLock { $0.waitingBytes <= Self.mostWaiting }
        if hasRoom || !self.whenWritten(body) { body() }
    }

    /// Blocks the caller until there is room for more: for bytes from files, whose writers do not block.
    func waitForRoom() {
        let hasRoom = DispatchSemaphore(value: 0)
        self.whenRoom { hasRoom.signal() }
        hasRoom.wait()
    }

    /// Calls `body` when everything that was added is in the file, or cannot be written. Returns false, without a call, when
    /// nothing waits.
    func whenWritten(_ body: @escaping @Sendable () -> Void) -> Bool {
        self.state.withLock { state in
            guard state.isWriting else { return false }
            state.onWritten.append(body)
            return true
        }
    }

    /// Reports the file's length to the engine now.
    func flush() {
        let bytes = self.state.withLock { state -> Int? in
            defer { state.isScheduled = false }
            return state.isScheduled ? state.bytes : nil
        }
        if let bytes { self.status.send(.log(node: self.node, bytes: bytes)) }
    }

    // MARK: On the queue

    private func write() {
        while true {
            let (pieces, onWritten) = self.state.withLock { state in
                let taken = (state.waiting, state.onWritten)
                (state.waiting, state.onWritten) = ([], [])
                if taken.0.isEmpty, taken.1.isEmpty { state.isWriting = false }
                return taken
            }
            if pieces.isEmpty, onWritten.isEmpty { return }
            if !pieces.isEmpty { self.write(pieces) }
            for body in onWritten { body() }
        }
    }

    private func write(_ pieces: [Piece]) {
        var (bytes, problem): (Int?, String?) = (nil, nil)
        do {
            for piece in pieces { bytes = try self.write(piece) }
        } catch {
            problem = "\(error)"
        }
        let (isFirst, schedules, resumes) = self.state.withLock { state in
            state.waitingBytes -= pieces.reduce(0) { $0 + $1.bytes.count }
            let isFirst = problem != nil && !state.hasFailed
            if isFirst { state.hasFailed = true }
            if let bytes { state.bytes = bytes }
            let schedules = bytes != nil && !state.isScheduled
            if schedules { state.isScheduled = true }
            let resumes = state.isHoldingBack && state.waitingBytes <= Self.mostWaiting / 2
            if resumes { state.isHoldingBack = false }
            return (isFirst, schedules, resumes)
        }
        if resumes { self.reactor.resumeOutput() }
        if schedules { self.clock.schedule(after: self.interval) { [weak self] in self?.flush() } }
        if isFirst, let problem { self.onFailure(problem) }
    }

    /// Returns the bytes of the whole file.
    private func write(_ piece: Piece) throws -> Int {
        let writer = try self.writer.withLock { writer in
            let open = try writer ?? LogWriter(path: self.path)
            writer = open
            return open
        }
        return try piece.bytes.withUnsafeBytes { bytes in
            self.echo?.write(bytes)
            return try writer.append(process: piece.process, stream: piece.stream, bytes: bytes, at: piece.time)
        }
    }
}

extension NodeLog {
    /// A line of the agent's own.
    func say(_ line: String) {
        Array("muster: \(line)\n".utf8).withUnsafeBytes { self.append(process: LogProcess.agent, .standardError, $0) }
    }

    /// Announces that a process compiles an extension, which takes minutes without any output.
    func tellCompiler(_ lockFile: String) {
        guard lockFile.hasSuffix(ExtensionFolder.lock) else { return }
        let folder = lockFile.dropLast(ExtensionFolder.lock.count)
        let name = folder.split(separator: "/").last ?? folder
        self.say("torch compiles \(name), once: it is kept in \(folder) for later runs")
    }
}
