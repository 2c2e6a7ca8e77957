import Dispatch
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// Processes that are stopped and stay so. No framework notices them: their peers would wait for ever.
extension NodeRunner {
    /// Looks for them, in the background, where somebody could wait for one.
    func findStopped() {
        guard self.phase == .running, !self.isClearing,
            self.spec.size > 1 || self.launchCount > 0 || !self.cluster.isEmpty
        else {
            return
        }
        let events = self.services.events
        self.services.files.async { events.yield(.foundStopped(ProcessTree.stopped(below: getpid()))) }
    }

    /// Fails the attempt once a process was found stopped at two looks, a second apart, and has not run in between.
    func foundStopped(_ processes: [ProcessIdentity: UInt64]) {
        let before = self.stopped
        self.stopped = processes
        guard let process = processes.first(where: { before[$0.key] == $0.value })?.key, self.phase == .running,
            !self.isClearing
        else { return }
        let name = ProcessTree.name(of: process).map { " (\($0))" } ?? ""
        self.end(
            .failed(
                failure: self.blame(self.owner(of: process) ?? "a process").failure(
                    .lost,
                    "process \(process.pid)\(name) was stopped by a signal, and nobody continued it for a second")))
    }

    /// What people call the process, where it is one that the agent started itself.
    private func owner(of process: ProcessIdentity) -> String? {
        if let round = self.round, let plan = round.plan,
            let worker = round.running.first(where: { $0.value.pid == process.pid })?.key
        {
            return plan.processes[worker].label
        }
        return self.cluster.running.first { $0.value.pid == process.pid }
            .map { self.cluster.plan.services[$0.key].process.label }
    }
}
