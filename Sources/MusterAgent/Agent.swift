import Glibc
import MusterModel
import MusterProcess
import MusterWire

/// The program that runs on a node: one loop that takes what happens, in order, and lets the node, and on node 0 the
/// gang's control, decide.
///
/// An attempt ends when nothing of the node is left, whatever the reason was. The program ends with its attempt, or,
/// when it stays, goes on with the next one.
package struct Agent {
    /// How an agent leaves. The engine learns more from its ``AgentStatus`` lines and the ``GangReport``.
    package enum Exit: CInt, Sendable {
        case done = 0
        /// A worker lost the control node, or was not taken in; or the report could not be written.
        case lost = 1
        /// The specification cannot be carried out, or there is none.
        case usage = 2
    }

    /// The argument with which nodes that share a machine get shared memory of their own: what a killed process leaves in
    /// `/dev/shm` goes with the node.
    package static let ownSharedMemory = "--own-shared-memory"

    /// Threads that an agent needs at once: for processes, sockets, files, status lines and its loop.
    private static let threads: Int32 = 8

    /// Why this program cannot run here; nil when it can.
    package static var threadProblem: String? { ProgramStart.threadProblem(Self.threads, of: "the agent") }

    /// Seconds that an engine which does not read may take.
    private static let patience = 2.0

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
    static func run(input: CInt, output: CInt, on reactor: ProcessReactor) async throws -> Exit {
        let input = EngineInput(input, on: reactor)
        guard var spec = try await input.next(after: nil) else {
            AgentErrors.print("standard input ended before a node's specification; muster starts agents by itself")
            return .usage
        }
        let equipment = AgentEquipment(reactor: reactor, status: output)
        // What is left in the folder of the gang is cleared away by others once nobody holds it.
        let gangFolder = NodeFolder(spec).holdParent()
        defer { withExtendedLifetime(gangFolder) {} }
        var kept: NodeFolder?
        while true {
            if let problem = spec.problem ?? spec.problem(after: kept) {
                AgentErrors.print("the node's specification is wrong: \(problem)")
                if let kept { await equipment.remove(kept) }
                return .usage
            }
            let (stream, events) = AsyncStream.makeStream(of: AgentEvent.self)
            let services = AgentServices(equipment: equipment, events: events, kept: kept)
            input.follow(events)
            let loop = try await AgentLoop.make(spec, services)
            let exit = await loop.run(stream)
            input.pause()
            events.finish()
            guard let folder = loop.kept else {
                await equipment.status.drain(seconds: Self.patience)
                let folder = NodeFolder(spec)
                await equipment.remove(folder)
                // The engine would have removed the gang's folder: the last of its nodes does.
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
                (spec, kept) = (next, folder)
            } catch {
                AgentErrors.print("\(error)")
                await equipment.remove(folder)
                folder.removeParent()
                return .usage
            }
        }
    }
}
