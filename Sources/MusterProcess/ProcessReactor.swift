internal import CMusterPlatform
internal import Dispatch
internal import Glibc
package import MusterModel
internal import Synchronization

/// One thread with epoll that spawns, reads, reaps and signals processes, for the whole program.
///
/// Every callback runs on that thread; a callback must not block. All reactors share the thread, which lives as long as
/// the program, because the kernel sends a parent-death signal when the spawning thread ends.
///
/// The reactor is this program's only reaper: it collects every child that ends, orphans that a subreaper adopts
/// included. Nothing else in the program may wait for children. SIGPIPE is ignored from its start on. Children get the
/// signal dispositions, the signal mask and the soft limit of descriptors with which this program was started.
package final class ProcessReactor: Sendable {
    private static let shared = Result<ReactorLoop, ReactorError> { () throws(ReactorError) in try ReactorLoop.start() }

    let loop: ReactorLoop

    /// - Throws: ``ReactorError`` when the system has no descriptors or threads left.
    package init() throws {
        self.loop = try Self.shared.get()
    }

    /// Starts a program and returns once it has been executed, usually within a millisecond.
    /// - Parameters:
    ///   - onOutput: Chunks of the pipes as they were read. The bytes are valid during the call only.
    ///   - onExit: Called once, after everything that was in the pipes when the process ended went to `onOutput`.
    ///     Later output of background processes still goes to `onOutput`.
    ///   - onOutputEnd: Called once, when both pipes are at their end or ``SpawnedProcess/closeOutput()`` was called;
    ///     before or after `onExit`. Called at once when the spec has no pipes.
    ///   - onStop: Called with true when a signal has stopped the process and with false when it was continued; a
    ///     debugger's stops do not count.
    package func spawn(
        _ spec: ProcessSpec,
        onOutput: @escaping @Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void,
        onExit: @escaping @Sendable (ExitStatus) -> Void,
        onOutputEnd: (@Sendable () -> Void)? = nil,
        onStop: (@Sendable (Bool) -> Void)? = nil
    ) throws(SpawnError) -> SpawnedProcess {
        let child = ChildProcess(
            spec: spec, onOutput: onOutput, onExit: onExit, onOutputEnd: onOutputEnd, onStop: onStop)
        let answer: Result<Int32, SpawnError> = self.loop.call { loop in
            Result { () throws(SpawnError) in try loop.spawn(child) }
        }
        return SpawnedProcess(pid: try answer.get(), child: child, loop: self.loop)
    }

    /// From now on orphans below this program become its children (``ProcessTree/becomeSubreaper()``), and what a tool of
    /// ``run(_:input:grace:onOutput:)`` leaves behind, wherever it went, is ended with it.
    ///
    /// A program that had children before its first own one, as a shell's that executes it has, leaves orphans alone: they
    /// may be those children's. So does the first process of a container, to which everybody's orphans come.
    package func adoptOrphans() {
        self.loop.call { loop in
            loop.ownsOrphans = loop.ownsOrphans || (getpid() != 1 && ProcessTree.isChildless())
            ProcessTree.becomeSubreaper()
        }
    }

    /// Calls `handler` for each delivery of one of `signals` to this program, instead of the signal's default action. A
    /// later call replaces the handler of the signals it names. A signal that was ignored when this program was started
    /// stays ignored, as `nohup` and scripts with background programs expect.
    package func handleSignals(_ signals: [CInt], _ handler: @escaping @Sendable (CInt) -> Void) {
        self.loop.call { $0.handle(signals, handler) }
    }

    /// The process that sent the last delivery of `signal` to a handler of ``handleSignals(_:_:)``; 0 for none.
    package static func sender(of signal: CInt) -> Int32 { muster_signal_sender(signal) }

    /// Reads `descriptor`, which the caller closes, until its end; a regular file is read at once.
    ///
    /// A descriptor that cannot be read counts as ended.
    @discardableResult
    package func watch(
        _ descriptor: CInt, onRead: @escaping @Sendable (UnsafeRawBufferPointer) -> Void,
        onEnd: @escaping @Sendable () -> Void
    ) -> ReactorToken {
        let id = self.loop.nextID()
        self.loop.perform { $0.watch(descriptor, id: id, onRead: onRead, onEnd: onEnd) }
        return ReactorToken { [loop] in loop.perform { $0.unwatch(id) } }
    }

    /// Stops reading the output of processes, until ``resumeOutput()`` has been called as often. Processes block when
    /// their pipes are full. The pipe of a process that has ended is read all the same.
    package func holdOutput() { self.loop.perform { $0.holdOutput() } }
    package func resumeOutput() { self.loop.perform { $0.resumeOutput() } }

    /// Calls `body` once after `seconds`, unless the token was cancelled before.
    @discardableResult
    package func schedule(after seconds: Double, _ body: @escaping @Sendable () -> Void) -> ReactorToken {
        let id = self.loop.nextID()
        let due = ReactorClock.now() &+ ReactorClock.nanoseconds(seconds)
        self.loop.perform { $0.schedule(TimerQueue.Entry(due: due, id: id, body: body)) }
        return ReactorToken { [loop] in loop.perform { $0.unschedule(id) } }
    }

    /// Runs `body` on the reactor's thread, after everything that was asked of the reactor before.
    package func perform(_ body: @escaping @Sendable () -> Void) {
        self.loop.perform { _ in body() }
    }
}

/// Something that was asked of a reactor and can be called off.
package struct ReactorToken: Sendable {
    private let onCancel: @Sendable () -> Void

    init(_ onCancel: @escaping @Sendable () -> Void) { self.onCancel = onCancel }

    /// Nothing of it happens after this call when it comes from a callback of the reactor; from elsewhere, a call that
    /// has already begun is finished. Cancelling twice, or too late, does nothing.
    package func cancel() { self.onCancel() }
}

/// The reactor could not be started.
package struct ReactorError: Error, Sendable, CustomStringConvertible {
    package let message: String
    package var description: String { self.message }
}
