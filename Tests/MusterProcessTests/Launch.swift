import Glibc
import MusterModel
import MusterProcess
import Synchronization

/// A process under test: its output is collected, and its end can be awaited.
final class Launch: Sendable {
    struct State {
        var output: [ProcessStream: [UInt8]] = [:]
        var outputAtExit: [ProcessStream: [UInt8]] = [:]
        var endedBeforeExit = false
        var status: ExitStatus?
        var outputEnded = false
        var waiters: [(isMet: @Sendable (State) -> Bool, resume: CheckedContinuation<Void, Never>)] = []
    }

    let state = Mutex(State())
    private let started = Mutex<SpawnedProcess?>(nil)

    static let environment = ["PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"]

    init(_ reactor: ProcessReactor, _ spec: ProcessSpec) throws(SpawnError) {
        let process = try reactor.spawn(
            spec,
            onOutput: { stream, bytes in self.update { $0.output[stream, default: []] += bytes } },
            onExit: { status in
                self.update {
                    $0.status = status
                    $0.outputAtExit = $0.output
                    $0.endedBeforeExit = $0.outputEnded
                }
            },
            onOutputEnd: { self.update { $0.outputEnded = true } })
        self.started.withLock { $0 = process }
    }

    /// A shell script.
    convenience init(
        _ reactor: ProcessReactor, shell: String, newSession: Bool = false, input: ProcessSpec.Input = .null
    ) throws(SpawnError) {
        try self.init(
            reactor,
            ProcessSpec(
                executable: "sh", arguments: ["-c", shell], environment: Self.environment, standardInput: input,
                newSession: newSession))
    }

    var process: SpawnedProcess? { self.started.withLock { $0 } }
    var pid: Int32 { self.process?.pid ?? 0 }

    func text(_ stream: ProcessStream = .standardOutput) -> String {
        String(decoding: self.state.withLock { $0.output[stream] ?? [] }, as: UTF8.self)
    }

    func exit() async -> ExitStatus? {
        await self.wait { $0.status != nil }
        return self.state.withLock { $0.status }
    }

    func outputEnd() async { await self.wait { $0.outputEnded } }

    /// Waits until the process has written `text`.
    func writes(_ text: String) async {
        await self.wait { String(decoding: $0.output[.standardOutput] ?? [], as: UTF8.self).contains(text) }
    }

    func wait(_ isMet: @escaping @Sendable (State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isMetNow = self.state.withLock { state in
                if isMet(state) { return true }
                state.waiters.append((isMet, continuation))
                return false
            }
            if isMetNow { continuation.resume() }
        }
    }

    private func update(_ change: (inout State) -> Void) {
        let due = self.state.withLock { state in
            change(&state)
            let waiters = state.waiters
            state.waiters = waiters.filter { !$0.isMet(state) }
            return waiters.filter { $0.isMet(state) }.map(\.resume)
        }
        for waiter in due { waiter.resume() }
    }
}

/// Whether a process of that id exists and is not a zombie.
func isRunning(_ pid: Int32) -> Bool { ProcessTree.identity(of: pid) != nil }
