internal import CMusterPlatform
internal import Glibc

/// Signals to this program, and the children that end.
extension ReactorLoop {
    func handle(_ signals: [CInt], _ handler: @escaping @Sendable (CInt) -> Void) {
        for signal in signals where signal != SIGCHLD {
            self.signalHandlers[signal] = handler
            _ = muster_signal_count(signal, self.signalCounter)
        }
    }

    func takeSignals() {
        if muster_signal_take(SIGCHLD) > 0 {
            self.reapAll()
            self.takeStops()
        }
        for (signal, handler) in self.signalHandlers {
            for _ in 0..<muster_signal_take(signal) { handler(signal) }
        }
    }

    /// Reaps every child that is dead by now: those that were started here, and orphans that were adopted.
    private func reapAll() {
        var reapedAny = false
        while true {
            let pid = muster_dead_child()
            guard pid > 0 else { break }
            guard self.reap(pid) else { break }
            reapedAny = true
        }
        guard reapedAny else { return }
        for body in self.onReap.values { body() }
    }

    private func takeStops() {
        var isStopped: CInt = 0
        while case let pid = muster_stopped_child(&isStopped), pid > 0 {
            self.children[pid]?.deliverStop(isStopped != 0)
        }
    }

    private func reap(_ pid: Int32) -> Bool {
        let child = self.children.removeValue(forKey: pid)
        // Before the process is reaped: its zombie keeps the kernel from reusing the group's id.
        if let child, child.spec.endsGroup, child.spec.newSession { kill(-pid, SIGKILL) }
        var code: CInt = 0
        var signal: CInt = 0
        guard muster_reap(pid, &code, &signal) == 1 else { return false }
        guard let child else { return true }
        child.reaped()
        self.closeInput(of: child, atOnce: true)
        self.drainOutput(of: child)
        child.deliverExit(signal != 0 ? .signaled(signal) : .exited(code))
        return true
    }

    func signal(_ child: ChildProcess, _ signal: CInt, group: Bool) {
        guard child.isAlive else { return }
        kill(group && child.spec.newSession ? -child.pid : child.pid, signal)
    }
}
