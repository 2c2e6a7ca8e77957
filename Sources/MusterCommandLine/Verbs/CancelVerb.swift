import ArgumentParser
import Dispatch
import Glibc
import MusterEngine
import MusterMetadata
import MusterModel
import MusterStore

/// `muster cancel`
struct CancelVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a run: its gangs are stopped, nothing new starts.",
        discussion: "Returns when the run is over. Succeeds when it was over already.")

    @Argument(help: "The run: Flow/run, or a run's id.") var name: String
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let (layout, metadata) = try self.store.existing()
        let finder = RunFinder(layout: layout, metadata: metadata)
        let record = try await finder.record(self.name)
        if let verdict = record.verdict {
            StandardStream.output.line("\(record.key) is over already: \(verdict.rawValue)")
            return
        }
        let lock = layout.runLock(flow: record.flow, run: record.run)
        guard let engine = RunLock.holder(path: lock) else {
            StandardStream.output.line("\(record.key) was interrupted: no engine moves it, and nothing of it runs; `muster resume` would go on with it")
            return
        }
        guard kill(engine, SIGTERM) == 0 else {
            throw CommandFailure(.runFailed, "process \(engine), which moves the run \(record.key), cannot be told to end: \(String(cString: strerror(errno)))")
        }
        await LockWait.released(lock)
        let after = try await finder.record(self.name)
        StandardStream.output.line("\(record.key) \(RunStatus(after, in: layout).rawValue)")
    }
}

/// Waits for the engine of a run to go.
enum LockWait {
    /// Returns when nobody holds the lock at `path`. The kernel gives it back whatever way its holder ends.
    static func released(_ path: String) async {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            // A thread of its own: waiting for a lock blocks.
            DispatchQueue(label: "muster.lock-wait").async {
                self.block(path)
                continuation.resume()
            }
        }
    }

    /// Blocks the calling thread until nobody holds the lock.
    static func block(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_SH) != 0, errno == EINTR {}
    }
}
