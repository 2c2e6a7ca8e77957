internal import Glibc
package import MusterModel
internal import Synchronization

/// The exit status and the output of a program that has ended.
package struct ProcessOutcome: Sendable {
    package var status: ExitStatus
    package var standardOutput: [UInt8]
    /// Its last mebibyte.
    package var standardError: [UInt8]
}

/// A program was killed because it wrote more to its standard output than its caller's limit.
package struct OutputTooLong: Error, Sendable, Equatable, CustomStringConvertible {
    package let program: String
    /// Bytes.
    package let limit: Int

    package var description: String { "\(self.program) wrote more than \(self.limit) bytes and was ended" }
}

extension ProcessReactor {
    /// Runs a program to its end and collects its output; for tools, whose output fits into memory.
    ///
    /// It gets its own session. When it ends, the rest of its process group gets SIGKILL, and so does every other
    /// descendant in a program that adopts orphans (``adoptOrphans()``). When the task is cancelled the group gets
    /// SIGTERM, after `grace` seconds SIGKILL; the call throws `CancellationError` when all of the group has ended.
    /// - Parameters:
    ///   - input: Its standard input; nil for an empty one.
    ///   - limit: Bytes of standard output after which the program's group is killed.
    ///   - onOutput: Called on the reactor's thread with each chunk. The chunks are collected all the same.
    /// - Throws: ``SpawnError``, ``OutputTooLong``, `CancellationError`.
    package func run(
        _ spec: ProcessSpec, input: [UInt8]? = nil, grace: Double = 2, limit: Int = 1 << 30,
        onOutput: (@Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void)? = nil
    ) async throws -> ProcessOutcome {
        try Task.checkCancellation()
        var spec = spec
        spec.newSession = true
        spec.endsGroup = true
        spec.standardInput = input == nil ? spec.standardInput : .pipe
        let tool = ToolRun(spec: spec, limit: limit, loop: self.loop, onOutput: onOutput)
        let outcome = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { tool.start(input: input, $0) }
        } onCancel: {
            tool.cancel(grace: grace)
        }
        try Task.checkCancellation()
        return outcome
    }
}

/// One run of a tool. `@unchecked Sendable` because its fields are touched on the reactor's thread only.
private final class ToolRun: @unchecked Sendable {
    /// Seconds for what was killed to die: only a process that hangs in the kernel takes them.
    private static let patience = 30.0

    /// Bytes of standard error that are kept, the last ones.
    private static let keptErrors = 1 << 20

    private let spec: ProcessSpec
    private let limit: Int
    private let loop: ReactorLoop
    private let onOutput: (@Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void)?
    private var child: ChildProcess?
    private var isCancelled = false
    private var isTooLong = false
    private var output: [ProcessStream: [UInt8]] = [.standardOutput: [], .standardError: []]
    private var continuation: CheckedContinuation<ProcessOutcome, any Error>?

    init(
        spec: ProcessSpec, limit: Int, loop: ReactorLoop,
        onOutput: (@Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void)?
    ) {
        self.spec = spec
        self.limit = limit
        self.loop = loop
        self.onOutput = onOutput
    }

    func start(input: [UInt8]?, _ continuation: CheckedContinuation<ProcessOutcome, any Error>) {
        self.loop.perform { loop in
            self.continuation = continuation
            guard !self.isCancelled else { return self.resume(.failure(CancellationError())) }
            let child = ChildProcess(
                spec: self.spec, onOutput: { self.collect($0, $1) }, onExit: { self.finish($0) }, onOutputEnd: nil)
            do throws(SpawnError) {
                _ = try loop.spawn(child)
            } catch {
                return self.resume(.failure(error))
            }
            self.child = child
            loop.tools += 1
            guard let input else { return }
            loop.write(ProcessInput.Piece(bytes: input, onWritten: nil), to: child)
            loop.closeInput(of: child, atOnce: false)
        }
    }

    func cancel(grace: Double) {
        self.loop.perform { loop in
            self.isCancelled = true
            guard let child = self.child else { return }
            loop.signal(child, SIGTERM, group: true)
            loop.signal(child, SIGCONT, group: true)
            let due = ReactorClock.now() &+ ReactorClock.nanoseconds(grace)
            loop.schedule(
                TimerQueue.Entry(due: due, id: loop.nextID()) { [weak loop] in
                    loop?.signal(child, SIGKILL, group: true)
                })
        }
    }

    private func collect(_ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) {
        self.onOutput?(stream, bytes)
        guard !self.isTooLong else { return }
        self.output[stream]?.append(contentsOf: bytes)
        let count = self.output[stream]?.count ?? 0
        switch stream {
        case .standardError where count > 2 * Self.keptErrors:
            self.output[stream]?.removeFirst(count - Self.keptErrors)
        case .standardOutput where count > self.limit:
            self.isTooLong = true
            self.output[stream] = []
            if let child = self.child { self.loop.signal(child, SIGKILL, group: true) }
        case .standardOutput, .standardError: break
        }
    }

    private func finish(_ status: ExitStatus) {
        let outcome = ProcessOutcome(
            status: status, standardOutput: self.output[.standardOutput] ?? [],
            standardError: self.output[.standardError] ?? [])
        let child = self.child.take()
        self.loop.tools -= 1
        let result: Result<ProcessOutcome, any Error> =
            self.isTooLong
            ? .failure(OutputTooLong(program: self.spec.executable, limit: self.limit)) : .success(outcome)
        // They were killed when the program was reaped, and may take a moment to die.
        var left: [ProcessSelection] = child.map { self.isCancelled ? [.group(of: $0.pid)] : [] } ?? []
        if self.loop.ownsOrphans, self.loop.tools == 0 { left.append(.orphans) }
        if left.isEmpty {
            self.resume(result)
        } else {
            TreeTerminator(
                selections: left, attendants: [], grace: 0, deadline: ReactorClock.nanoseconds(Self.patience)
            ) { _ in self.resume(result) }
            .start(in: self.loop)
        }
        if let child { self.loop.closeOutput(of: child) }
    }

    private func resume(_ result: Result<ProcessOutcome, any Error>) {
        self.continuation.take()?.resume(with: result)
    }
}
