import Glibc
import Logging
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// The program that runs on a node: one loop that takes events in order and hands them to the node's machine and, on node 0,
/// to the gang's.
///
/// An attempt ends when nothing of the node is left, whatever the reason was. The program ends with its attempt; a reusable
/// agent goes on with the next one.
package struct Agent {
    /// The exit code of an agent. The engine learns more from its ``AgentStatus`` lines and the ``GangReport``.
    package enum Exit: CInt, Sendable {
        case done = 0
        /// A worker lost the control node, or was refused; or the report could not be written.
        case lost = 1
        /// The specification cannot be carried out, or there is none.
        case usage = 2
    }

    /// The argument by which an agent mounts a `/dev/shm` of its own: segments that killed processes leave there are freed
    /// with the node.
    package static let ownSharedMemory = "--own-shared-memory"

    /// Threads that an agent needs at once: reactor, sockets, files, log, status lines, loop, and two of Dispatch.
    private static let threads: Int32 = 8

    /// The reason for which this program cannot run here; nil when it can.
    package static var threadProblem: String? { ProgramStart.threadProblem(Self.threads, of: "the agent") }

    /// Runs this program as an agent: reads standard input, writes standard output.
    package static func run() async -> Exit {
        do {
            ProcessTree.becomeSubreaper()
            return try await Self.run(input: STDIN_FILENO, output: STDOUT_FILENO, on: ProcessReactor())
        } catch {
            AgentErrors.print("\(error)")
            return .usage
        }
    }

    /// Runs an agent that reads specification and commands from `input` and writes its statuses to `output`.
    static func run(
        input: CInt, output: CInt, on reactor: ProcessReactor, bucket: BucketNode? = nil
    ) async throws -> Exit {
        let input = EngineInput(input, on: reactor)
        guard var spec = try await input.next(after: nil) else {
            AgentErrors.print("standard input ended before a node's specification; muster starts agents by itself")
            return .usage
        }
        let equipment = AgentEquipment(reactor: reactor, status: output, bucket: bucket)
        // The flock keeps the next command from removing the gang's folder as a stale one.
        let gangFolder = NodeFolder(spec).holdParent()
        defer { withExtendedLifetime(gangFolder) {} }
        var reused: NodeFolder?
        while true {
            if let problem = spec.problem ?? spec.problem(reusing: reused) {
                AgentErrors.print("the node's specification is wrong: \(problem)")
                if let reused { await equipment.remove(reused) }
                return .usage
            }
            let (stream, events) = AsyncStream.makeStream(of: AgentEvent.self)
            let log = ProgramLog(of: spec, on: equipment.files)
            let services = AgentServices(
                equipment: equipment, events: events, reusedFolder: reused, log: AgentLog(Logger(log, of: spec)))
            input.follow(events)
            let loop = try await AgentLoop.make(spec, services)
            let exit = await loop.run(stream)
            services.log.ended(exit)
            input.pause()
            events.finish()
            guard let folder = loop.reusableFolder else {
                await equipment.status.drain(seconds: spec.times.leaveTimeout)
                let folder = NodeFolder(spec)
                await equipment.remove(folder)
                log.flush()
                // The engine, which removes the gang's folder, is gone: the last of the nodes does it.
                if loop.isAbandoned { folder.removeParent() }
                return exit
            }
            equipment.status.send(.ready)
            do {
                guard let next = try await input.next(after: spec) else {
                    await equipment.remove(folder)
                    folder.removeParent()
                    return exit
                }
                (spec, reused) = (next, folder)
            } catch {
                AgentErrors.print("\(error)")
                await equipment.remove(folder)
                folder.removeParent()
                return .usage
            }
        }
    }
}
