import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterWire
import Synchronization

/// Stands between a launcher and the program that it starts on a node, because what launchers say of a program's end is
/// not to be relied on: the agent hears it from here, with the last lines, before the launcher can hear of it.
///
/// The program gets everything as it came: standard input, descriptors, arguments, environment, and the output it writes
/// goes on to the launcher. Only the node's own variables and work folder are put right, where a launcher has forwarded
/// those of its own node.
enum RankVerb {
    /// Seconds for which the end of a rank by SIGTERM or SIGKILL is kept back: a launcher that ends its ranks because one
    /// of them failed kills this program as well, and then there is nothing to tell.
    private static let doubt = 0.2

    static func run(_ arguments: [String]) async -> CInt {
        guard let program = arguments.first, !program.isEmpty else {
            AgentErrors.print("usage: rank PROGRAM [ARGUMENTS…]")
            return 64
        }
        let environment = RankEnvironment.restored()
        let folder = environment[NodeEnvironment.workFolder]
        let label = RankEnvironment.label(environment)
        do {
            ProcessTree.becomeSubreaper()
            let reactor = try ProcessReactor()
            let status = try await self.run(
                Self.spelled(program, in: folder), Array(arguments.dropFirst()), environment, folder, on: reactor)
            // A launcher ends its ranks because something else has failed, and says of what by its own end.
            if !status.status.isSuccess, status.told != .byLauncher {
                await self.tell(label, status, environment, reactor)
            }
            return Self.code(of: status.status)
        } catch {
            AgentErrors.print("\(error)")
            let exit = WatchedExit(label: label, code: 127, signal: nil, lastLines: ["\(error)"])
            _ = try? AgentAsk.ask(.watched(exit: exit), socket: environment[NodeEnvironment.socket])
            return 127
        }
    }

    /// A program of the work folder may be named without `./`, as launchers take it.
    private static func spelled(_ program: String, in folder: String?) -> String {
        guard !program.contains("/"), let folder else { return program }
        let path = "\(folder)/\(program)"
        var status = stat()
        let isProgram = stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
        return isProgram ? path : program
    }

    /// Who asked this program to end, before the program did; it handed that on.
    private enum Told: Sendable, Equatable { case byNobody, byLauncher, bySomebody }

    private struct End: Sendable {
        let status: ExitStatus
        let told: Told
        let lastLines: [String]
    }

    private static func run(
        _ program: String, _ arguments: [String], _ environment: [String: String], _ folder: String?,
        on reactor: ProcessReactor
    ) async throws -> End {
        let spec = ProcessSpec(
            executable: program, arguments: arguments, environment: environment, workingDirectory: folder,
            standardInput: .inherit, parentDeathSignal: SIGKILL, inheritsDescriptors: true)
        let tail = OutputTail()
        let told = Mutex(Told.byNobody)
        let launcher = getppid()
        return try await withCheckedThrowingContinuation { continuation in
            do throws(SpawnError) {
                let process = try reactor.spawn(
                    spec,
                    onOutput: { stream, bytes in
                        tail.append(stream, bytes)
                        Self.write(bytes, to: stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO)
                    },
                    onExit: {
                        continuation.resume(
                            returning: End(status: $0, told: told.withLock { $0 }, lastLines: tail.lastLines))
                    })
                reactor.handleSignals([SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT]) { signal in
                    if signal == SIGTERM || signal == SIGINT || signal == SIGHUP {
                        let isLauncher = ProcessReactor.sender(of: signal) == launcher
                        told.withLock { $0 = isLauncher || $0 == .byLauncher ? .byLauncher : .bySomebody }
                    }
                    process.signal(signal)
                }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    /// A launcher that has gone is no reason to stop the program: its end will be told.
    private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt) {
        _ = WholeWrite.write(bytes, to: descriptor)
    }

    private static func tell(
        _ label: String, _ end: End, _ environment: [String: String], _ reactor: ProcessReactor
    ) async {
        // An agent that ends its round has asked; it knows already, and waits for this program.
        if end.told == .byNobody, case .signaled(let signal) = end.status, signal == SIGTERM || signal == SIGKILL {
            await withCheckedContinuation { continuation in
                reactor.schedule(after: Self.doubt) { continuation.resume() }
            }
        }
        var exit = WatchedExit(label: label, code: nil, signal: nil, lastLines: end.lastLines)
        switch end.status {
        case .exited(let code): exit.code = Int(code)
        case .signaled(let signal): exit.signal = Int(signal)
        }
        _ = try? AgentAsk.ask(.watched(exit: exit), socket: environment[NodeEnvironment.socket])
    }

    private static func code(of status: ExitStatus) -> CInt {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
