import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterSystem
import MusterWire
import Synchronization

/// Stands between a launcher and the program that it starts on a node, because what launchers say of a program's end is
/// not to be relied on: the agent hears it from here, with the last lines, before the launcher can hear of it.
///
/// The program gets everything as it came: standard input, descriptors, arguments, environment. What it writes goes to this
/// node's agent, so that it stands in the log of the node where it ran; with ``MPIOutput/throughLauncher`` to the launcher,
/// and with it into the log of the control node. Only the node's own variables and work folder are put right, where a
/// launcher has forwarded those of its own node.
enum RankVerb {
    /// Seconds after the end of a program by SIGTERM in which this one hears whether it was meant as well.
    private static let doubt = 0.05
    /// Seconds for the end of the launcher's daemon to be told before that of a program that it took along.
    static let precedence = 0.3

    static func run(_ arguments: [String]) async -> CInt {
        let isRelayed = arguments.first == MPIOutput.throughLauncher
        let command = arguments.dropFirst(isRelayed ? 1 : 0)
        guard let program = command.first, !program.isEmpty else {
            AgentErrors.print("usage: rank [\(MPIOutput.throughLauncher)] PROGRAM [ARGUMENTS…]")
            return 64
        }
        let environment = RankEnvironment.restored()
        let folder = environment[NodeEnvironment.workFolder]
        let label = RankEnvironment.label(environment)
        // Kept until the end: the agent takes its loss for this program's.
        let agent = RankAgent(environment)
        agent.ask(.watching(label: label, wrapper: getpid()))
        do {
            ProcessTree.becomeSubreaper()
            let reactor = try ProcessReactor()
            let place = Self.spelled(program, in: [environment[NodeEnvironment.flowFolder], folder])
            let spec = ProcessSpec(
                executable: place, arguments: Array(command.dropFirst()), environment: environment,
                workingDirectory: folder, standardInput: .inherit, parentDeathSignal: SIGKILL, inheritsDescriptors: true
            )
            let end = try await self.run(spec, on: reactor) { stream, bytes in
                if isRelayed || !agent.write(stream, bytes) { Self.relay(stream, bytes) }
            }
            agent.ask(.watched(exit: self.report(end, label)))
            return Self.code(of: end.status)
        } catch {
            AgentErrors.print("\(error)")
            let exit = WatchedExit(label: label, code: 127, signal: nil, lastLines: ["\(error)"])
            agent.ask(.watched(exit: exit))
            return 127
        }
    }

    /// A program beside the flow or in the work folder may be named without `./`, as launchers take it.
    private static func spelled(_ program: String, in folders: [String?]) -> String {
        guard !program.contains("/") else { return program }
        return folders.compactMap { $0 }.map { "\($0)/\(program)" }.first(where: Self.isProgram) ?? program
    }

    private static func isProgram(_ path: String) -> Bool {
        FileStatus(path)?.isFile == true && access(path, X_OK) == 0
    }

    /// Who asked this program to end, before the program did; it handed that on.
    private enum Told: Sendable, Equatable { case byNobody, byLauncher, bySomebody }

    private struct End: Sendable {
        let status: ExitStatus
        let told: Told
        let lastLines: [String]
    }

    private static func run(
        _ spec: ProcessSpec, on reactor: ProcessReactor,
        onOutput: @escaping @Sendable (OutputStream, UnsafeRawBufferPointer) -> Void
    ) async throws -> End {
        let tail = OutputTail()
        let told = Mutex(Told.byNobody)
        let launcher = getppid()
        let status = try await withCheckedThrowingContinuation { continuation in
            do throws(SpawnError) {
                let process = try reactor.spawn(
                    spec,
                    onOutput: { stream, bytes in
                        tail.append(stream, bytes)
                        onOutput(stream, bytes)
                    }, onExit: { continuation.resume(returning: $0) })
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
        // Whose daemon has died leaves because of that, and the daemon's own end is about to be told. Its connections are
        // closed before its children get another parent.
        if getppid() != launcher || ProcessTree.isExiting(launcher) {
            await self.pause(self.precedence, reactor)
        } else if status == .signaled(SIGTERM), told.withLock({ $0 }) == .byNobody {
            // What goes to a whole group comes to each of its processes on its own.
            await self.pause(self.doubt, reactor)
        }
        return End(status: status, told: told.withLock { $0 }, lastLines: tail.lastLines)
    }

    private static func pause(_ seconds: Double, _ reactor: ProcessReactor) async {
        await withCheckedContinuation { continuation in
            reactor.schedule(after: seconds) { continuation.resume() }
        }
    }

    /// A launcher that has gone is no reason to stop the program: its end will be told.
    private static func relay(_ stream: OutputStream, _ bytes: UnsafeRawBufferPointer) {
        try? OpenFile.write(
            bytes, to: stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO, called: "the launcher's pipe")
    }

    /// What the agent is to hear; nil for nothing. A launcher ends its ranks because something else has failed, and says of
    /// what by its own end.
    private static func report(_ end: End, _ label: String) -> WatchedExit? {
        guard !end.status.isSuccess, end.told != .byLauncher else { return nil }
        switch end.status {
        case .exited(let code):
            return WatchedExit(label: label, code: Int(code), signal: nil, lastLines: end.lastLines)
        case .signaled(let signal):
            return WatchedExit(label: label, code: nil, signal: Int(signal), lastLines: end.lastLines)
        }
    }

    private static func code(of status: ExitStatus) -> CInt {
        switch status {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        }
    }
}
