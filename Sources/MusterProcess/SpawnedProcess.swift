/// A process that the reactor started. A copy is the same process.
package struct SpawnedProcess: Sendable {
    package let pid: Int32
    let child: ChildProcess
    let loop: ReactorLoop

    /// Queues `bytes` for the process's standard input and returns at once.
    /// - Parameter onWritten: Told true when the bytes are in the pipe, false when they cannot get there: the process
    ///   has ended or closed its input, or the spec gave it no pipe.
    package func write(_ bytes: some Sequence<UInt8>, onWritten: (@Sendable (Bool) -> Void)? = nil) {
        let piece = ProcessInput.Piece(bytes: Array(bytes), onWritten: onWritten)
        self.loop.perform { [child] loop in loop.write(piece, to: child) }
    }

    /// Ends the process's standard input once everything that was written is in the pipe.
    package func closeInput() {
        self.loop.perform { [child] loop in loop.closeInput(of: child, atOnce: false) }
    }

    /// Stops reading the process's output. It then gets SIGPIPE when it writes.
    package func closeOutput() {
        self.loop.perform { [child] loop in loop.closeOutput(of: child) }
    }

    /// Gives what is in the process's pipes now to its `onOutput`, then calls `body` on the reactor's thread.
    package func drainOutput(_ body: @escaping @Sendable () -> Void) {
        self.loop.perform { [child] loop in
            loop.drainOutput(of: child)
            body()
        }
    }

    /// Sends a signal to the process. Does nothing once it has been reaped, so no later process is ever hit.
    package func signal(_ signal: CInt) {
        self.loop.perform { [child] loop in loop.signal(child, signal, group: false) }
    }

    /// Sends a signal to the process's group; its spec must have asked for a new session, otherwise only the process
    /// itself is signalled. Does nothing once the process has been reaped: ``ProcessSpec/endsGroup`` and
    /// ``ProcessReactor/terminate(_:grace:deadline:)`` reach what outlives it.
    package func signalGroup(_ signal: CInt) {
        self.loop.perform { [child] loop in loop.signal(child, signal, group: true) }
    }
}
