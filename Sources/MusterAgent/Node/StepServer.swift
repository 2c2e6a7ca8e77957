import FoundationEssentials
import Glibc
import MusterModel
package import MusterProcess
import MusterWire
import Synchronization

/// A flow program that runs one step after the other for a reusable agent, each in a forked child (the verb `serve`).
/// Saves the start of a program for each task: of a flow in Swift with 50 tasks 90 ms of 520 ms of processor time
/// (Benchmarks: foreach), of one in Python far more (Benchmarks: python-foreach).
///
/// A program loads its code and reads its environment once, so a server runs only steps for which these are the same
/// (``Binding``). Its children inherit its two streams, so a step's output is complete once both pipes are empty.
package final class StepServer: Sendable {
    /// The facts that have to be equal for two steps of one server.
    struct Binding: Sendable, Equatable {
        var program: [String]
        var environment: [String: String]
        var python: String?
        /// Its revision counts changes of the source, which has to be loaded again then.
        var inPlace: InPlace?
    }

    /// The end of a served step.
    package enum Outcome: Sendable, Equatable {
        /// `leavesNothing`: no process that the step started is left.
        case ended(ExitStatus, leavesNothing: Bool)
        /// The step was not run: the program cannot fork safely, and has to be started anew for each step.
        case refused
    }

    private struct State {
        var process: SpawnedProcess?
        var token: ReactorToken?
        var lines = LineBuffer()
        /// Of the last step, also after its end: processes that it left may write until they are ended.
        var onOutput: (@Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void)?
        /// The program has reported that it is loaded, or has answered otherwise.
        var isLoaded = false
        var onLoaded: (@Sendable () -> Void)?
        /// While a step runs.
        var onOutcome: (@Sendable (Outcome) -> Void)?
        var isGone = false
        var onGone: (@Sendable () -> Void)?
    }

    /// Bytes that fit into the socket's buffer: a request is written without waiting.
    private static let longestRequest = 100_000

    let binding: Binding
    /// The environment that it was started with.
    private let environment: [String: String]
    private let descriptor: CInt
    private let state = Mutex(State())

    /// Starts the program. It can be asked at once.
    init(_ binding: Binding, environment: [String: String], folder: String, on reactor: ProcessReactor) throws {
        guard let program = binding.program.first else { throw AgentError("no flow program was named") }
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw AgentError.system("make a socket for the flow program")
        }
        defer { close(ends[1]) }
        self.binding = binding
        self.environment = environment
        self.descriptor = ends[0]
        let spec = ProcessSpec(
            executable: program, arguments: Array(binding.program.dropFirst()) + ["serve"], environment: environment,
            workingDirectory: folder, standardInput: .descriptor(ends[1]), newSession: true, parentDeathSignal: SIGKILL)
        let process = try reactor.spawn(
            spec, onOutput: { [weak self] in self?.onOutput?($0, $1) }, onExit: { [weak self] in self?.exited($0) })
        self.state.withLock { $0.process = process }
        let token = reactor.watch(self.descriptor, onRead: { [weak self] in self?.read($0) }, onEnd: {})
        self.state.withLock { $0.token = token }
    }

    deinit {
        self.state.withLock { $0.token }?.cancel()
        close(self.descriptor)
    }

    var isGone: Bool { self.state.withLock { $0.isGone } }

    /// Runs one step. Returns false, and does nothing, when the server cannot be asked.
    ///
    /// - Parameter request: With the step's whole environment.
    /// - Parameter onLoaded: Called once, when nothing but the step's body is left to run, and before `onOutcome`: a
    ///   server that has just been started loads the flow first.
    func run(
        _ request: ServeRequest, onLoaded: @escaping @Sendable () -> Void,
        onOutput: @escaping @Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void,
        onOutcome: @escaping @Sendable (Outcome) -> Void
    ) -> Bool {
        guard let request = self.abridged(request), let line = try? LineCoding.encode(request),
            line.count <= Self.longestRequest
        else { return false }
        let (isFree, isLoaded) = self.state.withLock { state in
            guard !state.isGone, state.onOutcome == nil else { return (false, false) }
            state.onOutput = onOutput
            state.onOutcome = onOutcome
            if !state.isLoaded { state.onLoaded = onLoaded }
            return (true, state.isLoaded)
        }
        guard isFree else { return false }
        if isLoaded { onLoaded() }
        // A server that has just died is reported by its exit, which ends the step.
        _ = line.withUnsafeBytes { send(self.descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
        return true
    }

    /// The request with only the variables that the program lacks; nil when it was started with others that the step must not
    /// have.
    private func abridged(_ request: ServeRequest) -> ServeRequest? {
        guard self.environment.keys.allSatisfy({ request.environment[$0] != nil }) else { return nil }
        var request = request
        request.environment = request.environment.filter { self.environment[$0.key] != $0.value }
        return request
    }

    /// Closes the program's input, and waits for its end.
    func stop() async {
        await withCheckedContinuation { continuation in
            let isGone = self.state.withLock { state in
                if !state.isGone { state.onGone = { continuation.resume() } }
                return state.isGone
            }
            if isGone { return continuation.resume() }
            shutdown(self.descriptor, CInt(SHUT_RDWR))
        }
    }

    private var onOutput: (@Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void)? {
        self.state.withLock { $0.onOutput }
    }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        let lines = (try? self.state.withLock { try $0.lines.append(bytes) }) ?? []
        for line in lines {
            switch try? LineCoding.decode(ServeAnswer.self, from: line) {
            case .loaded: self.loaded()
            case .exited(let code, let isLast): self.finish(.ended(.exited(code), leavesNothing: isLast))
            case .signaled(let signal, let isLast): self.finish(.ended(.signaled(signal), leavesNothing: isLast))
            case .refused: self.finish(.refused)
            case nil: self.state.withLock { $0.process }?.signal(SIGKILL)
            }
        }
    }

    private func loaded() {
        let onLoaded = self.state.withLock { state in
            state.isLoaded = true
            return state.onLoaded.take()
        }
        onLoaded?()
    }

    /// Drains the pipes first: the last output of the step may still be in them.
    private func finish(_ outcome: Outcome) {
        self.loaded()
        self.state.withLock { $0.process }?.drainOutput { [weak self] in self?.takeOutcome()?(outcome) }
    }

    private func exited(_ status: ExitStatus) {
        let onGone = self.state.withLock { state in
            state.isGone = true
            return state.onGone.take()
        }
        onGone?()
        self.loaded()
        self.takeOutcome()?(.ended(status, leavesNothing: false))
    }

    private func takeOutcome() -> (@Sendable (Outcome) -> Void)? { self.state.withLock { $0.onOutcome.take() } }
}
