internal import Glibc
internal import Synchronization

/// What a program that ran to its end left.
package struct ProcessOutcome: Sendable {
    package var status: ExitStatus
    package var standardOutput: [UInt8]
    package var standardError: [UInt8]
}

extension ProcessReactor {
    /// Runs a program to its end and collects its output; for tools, whose output fits into memory.
    ///
    /// It gets a session of its own, and what it leaves in its group is killed when it ends. When the task is cancelled
    /// the group gets SIGTERM, after `grace` seconds SIGKILL, and the call throws `CancellationError` when all of it is gone.
    /// - Parameters:
    ///   - input: What it reads; its input is at its end when this is nil.
    ///   - onOutput: Sees the chunks as they come, on the reactor's thread; they are collected all the same.
    /// - Throws: ``SpawnError``, `CancellationError`.
    package func run(
        _ spec: ProcessSpec, input: [UInt8]? = nil, grace: Double = 2,
        onOutput: (@Sendable (OutputStream, UnsafeRawBufferPointer) -> Void)? = nil
    ) async throws -> ProcessOutcome {
        try Task.checkCancellation()
        var spec = spec
        spec.newSession = true
        spec.endsGroup = true
        spec.standardInput = input == nil ? spec.standardInput : .pipe
        let tool = ToolRun(spec: spec, loop: self.loop, onOutput: onOutput)
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

    private let spec: ProcessSpec
    private let loop: ReactorLoop
    private let onOutput: (@Sendable (OutputStream, UnsafeRawBufferPointer) -> Void)?
    private var child: ChildProcess?
    private var isCancelled = false
    private var output: [OutputStream: [UInt8]] = [.standardOutput: [], .standardError: []]
    private var continuation: CheckedContinuation<ProcessOutcome, any Error>?

    init(
        spec: ProcessSpec, loop: ReactorLoop,
        onOutput: (@Sendable (OutputStream, UnsafeRawBufferPointer) -> Void)?
    ) {
        self.spec = spec
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

    private func collect(_ stream: OutputStream, _ bytes: UnsafeRawBufferPointer) {
        self.output[stream]?.append(contentsOf: bytes)
        self.onOutput?(stream, bytes)
    }

    private func finish(_ status: ExitStatus) {
        let outcome = ProcessOutcome(
            status: status, standardOutput: self.output[.standardOutput] ?? [],
            standardError: self.output[.standardError] ?? [])
        let child = self.child.take()
        if let child, self.isCancelled {
            // They were killed when the program was reaped, and may take a moment to die.
            TreeTerminator(
                selections: [.group(of: child.pid)], attendants: [], grace: 0,
                deadline: ReactorClock.nanoseconds(Self.patience)
            ) { _ in self.resume(.success(outcome)) }
            .start(in: self.loop)
        } else {
            self.resume(.success(outcome))
        }
        if let child { self.loop.closeOutput(of: child) }
    }

    private func resume(_ result: Result<ProcessOutcome, any Error>) {
        self.continuation.take()?.resume(with: result)
    }
}
