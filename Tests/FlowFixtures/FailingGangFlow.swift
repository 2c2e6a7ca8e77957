import FoundationEssentials
import Muster

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A gang in which one node fails while the others are busy; one of them has left a daemon behind in its own session.
@Flow
struct FailingGangFlow {
    enum Way: String, CaseIterable, Codable { case exit, signal, `throw`, process, none }

    @Parameter("How many nodes.") var nodes = 4
    @Parameter("The node that fails.") var node = 2
    @Parameter("How it fails.") var way = Way.exit
    @Parameter("Seconds until then.") var delay = 0.2
    @Parameter("Seconds that the other nodes are busy.") var busy = 60.0
    @Parameter("A file that names the processes of the gang, one number per line; empty for none.") var pids = ""

    @Step func start() -> Next { .work(nodes: nodes) }

    @Parallel
    @Step func work() async throws -> Next {
        let index = current.parallel.nodeIndex
        try await current.process.run(["/bin/sh", "-c", daemon()])
        guard index == node else {
            try await current.process.run(["sleep", "\(busy)"])
            return .join
        }
        try await Task.sleep(for: .seconds(delay))
        print("node \(index) fails now")
        switch way {
        case .exit: exit(7)
        case .signal: kill(getpid(), SIGKILL)
        case .throw: throw FixtureError("node \(index) failed on purpose")
        case .process: try await current.process.run(["/bin/sh", "-c", "echo last words; exit 9"])
        case .none: break
        }
        return .join
    }

    @Join func join(_ inputs: [Self]) -> Next { .end }
    @Step func end() {}

    /// A shell script that starts a process in a session of its own and does not wait for it.
    private func daemon() -> String {
        let record = pids.isEmpty ? ":" : "echo $! >> '\(pids)'"
        return "setsid sleep 600 </dev/null >/dev/null 2>&1 & \(record)"
    }
}
