import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterSystem
import MusterWire
import Synchronization

/// Runs a program for a launcher and reports its end to the agent, with its last lines, before the launcher can see it:
/// launchers do not report reliably which program failed and how.
///
/// The program inherits standard input, descriptors, arguments and environment. Its output goes to this node's agent, for
/// the log of the node where it ran; with ``MPIOutput/throughLauncher`` to the launcher, for the log of the control node. The
/// node's own variables and work folder replace those that a launcher has forwarded from its own node.
enum RankVerb {
    /// Seconds to wait, after a program was ended by SIGTERM, for the same signal to this process: a signal to a process group
    /// comes to each of its processes separately.
    private static let signalGrace = 0.05
    /// Seconds to wait for the report of the daemon's end before that of a program that ended with it.
    static let precedence = 0.3

    static func run(_ arguments: [String]) async -> CInt {
        let options = arguments.prefix { [MPIOutput.throughLauncher, MPIHosts.onLoopback].contains($0) }
        let isRelayed = options.contains(MPIOutput.throughLauncher)
        let command = arguments.dropFirst(options.count)
        guard let program = command.first, !program.isEmpty else {
            AgentErrors.print(
                "usage: rank [\(MPIOutput.throughLauncher)] [\(MPIHosts.onLoopback)] PROGRAM [ARGUMENTS…]")
            return 64
        }
        let restored = RankEnvironment.restored()
        let environment = options.contains(MPIHosts.onLoopback) ? OpenMPISettings(restored).onLoopback : restored
        let folder = environment[NodeEnvironment.workFolder]
        let label = RankEnvironment.label(environment)
        // Open until the end: the agent takes the end of the connection for this program's.
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

    /// The sender of a signal to end that this wrapper passed on to the program.
    private enum Told: Sendable, Equatable { case byNobody, byLauncher, bySomebody }

    private struct End: Sendable {
        let status: ExitStatus
        let told: Told
        let lastLines: [String]
    }

    private static func run(
        _ spec: ProcessSpec, on reactor: ProcessReactor,
        onOutput: @escaping @Sendable (ProcessStream, UnsafeRawBufferPointer) -> Void
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
        // The program ended because its daemon died; the daemon's own end is about to be reported. Its connections are closed
        // before its children get another parent.
        if getppid() != launcher || ProcessTree.isExiting(launcher) {
            await self.pause(self.precedence, reactor)
        } else if status == .signaled(SIGTERM), told.withLock({ $0 }) == .byNobody {
            await self.pause(self.signalGrace, reactor)
        }
        return End(status: status, told: told.withLock { $0 }, lastLines: tail.lastLines)
    }

    private static func pause(_ seconds: Double, _ reactor: ProcessReactor) async {
        await withCheckedContinuation { continuation in
            reactor.schedule(after: seconds) { continuation.resume() }
        }
    }

    /// A launcher that is gone does not stop the program: its end is reported elsewhere.
    private static func relay(_ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) {
        try? OpenFile.write(
            bytes, to: stream == .standardOutput ? STDOUT_FILENO : STDERR_FILENO, called: "the launcher's pipe")
    }

    /// The report for the agent; nil for an end that means nothing: success, or a signal of the launcher, which ends its ranks
    /// because something else has failed.
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
