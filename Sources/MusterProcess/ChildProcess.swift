import MusterModel

/// The reactor's record of one process that it started.
///
/// `@unchecked Sendable`: after its init only the reactor's thread uses its fields.
final class ChildProcess: @unchecked Sendable {
    let spec: ProcessSpec
    private(set) var pid: Int32 = 0
    /// From its start until it was reaped. While true, its process id means this process.
    private(set) var isAlive = false
    var input = ProcessInput()
    /// The read ends of its pipes, until their end.
    var outputs: [ProcessStream: OutputPipe] = [:]
    private let onOutput: @Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void
    private let onStop: (@Sendable (Bool) -> Void)?
    private var onExit: (@Sendable (ExitStatus) -> Void)?
    private var onOutputEnd: (@Sendable () -> Void)?

    init(
        spec: ProcessSpec, onOutput: @escaping @Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void,
        onExit: @escaping @Sendable (ExitStatus) -> Void, onOutputEnd: (@Sendable () -> Void)?,
        onStop: (@Sendable (Bool) -> Void)? = nil
    ) {
        self.spec = spec
        self.onOutput = onOutput
        self.onExit = onExit
        self.onOutputEnd = onOutputEnd
        self.onStop = onStop
    }

    func started(pid: Int32) {
        self.pid = pid
        self.isAlive = true
    }

    func reaped() { self.isAlive = false }

    func deliver(_ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) { self.onOutput(stream, bytes) }

    func deliverStop(_ isStopped: Bool) { self.onStop?(isStopped) }

    func deliverExit(_ status: ExitStatus) {
        let deliver = self.onExit.take()
        deliver?(status)
    }

    /// Reports the end of the output, once, when no pipe is open any more.
    func deliverOutputEnd() {
        guard self.outputs.isEmpty else { return }
        let deliver = self.onOutputEnd.take()
        deliver?()
    }
}

/// The read end of one of a process's pipes.
struct OutputPipe {
    let descriptor: CInt
    /// Its identifier in epoll events.
    let id: UInt64
}

/// The bytes that wait to go into a process's standard input.
struct ProcessInput {
    struct Piece {
        var bytes: [UInt8]
        let onWritten: (@Sendable (Bool) -> Void)?
    }

    /// The write end; nil when the process has no pipe or it was closed.
    var descriptor: CInt?
    var id: UInt64 = 0
    /// The first piece counts from ``offset``.
    var pieces: [Piece] = []
    var offset = 0
    /// The pipe is closed when everything has been written.
    var closesWhenEmpty = false
}
