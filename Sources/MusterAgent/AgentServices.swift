import Dispatch
package import Glibc
package import MusterProcess
import MusterStore
import NIOPosix
import Synchronization

/// What an agent has from its start to its end, whichever attempt it runs.
package final class AgentEquipment: Sendable {
    let reactor: ProcessReactor
    let status: StatusWriter
    /// Blocking work on files, one after the other.
    let files = DispatchQueue(label: "muster.files")
    /// Sockets, of the flow program and of the gang.
    let sockets = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let requests = RequestServer()
    /// Files that other nodes send.
    let inbox = BroadcastInbox()
    let taken = TakenArtifacts()
    let folders = FolderStamps()
    private let server = Mutex<StepServer?>(nil)

    /// - Parameter status: Where the engine reads what the agent has to say.
    package init(reactor: ProcessReactor, status: CInt = STDOUT_FILENO) {
        self.reactor = reactor
        self.status = StatusWriter(descriptor: status, reactor: reactor)
    }

    /// The server of such steps: the one that runs, or a new one instead of it.
    func stepServer(
        _ binding: StepServer.Binding, environment: [String: String], folder: String
    ) throws -> StepServer {
        try self.server.withLock { server in
            if let server, server.binding == binding, !server.isGone { return server }
            let started = try StepServer(binding, environment: environment, folder: folder, on: self.reactor)
            server = started
            return started
        }
    }

    /// Ends and removes what was kept for another attempt, which will not come; fine when there is nothing.
    func remove(_ folder: NodeFolder) async {
        await self.server.withLock { $0.take() }?.stop()
        await withCheckedContinuation { continuation in
            self.files.async {
                if let problem = folder.remove() { AgentErrors.print(problem) }
                continuation.resume()
            }
        }
    }
}

/// What one attempt works with, besides its decisions.
package struct AgentServices: Sendable {
    let equipment: AgentEquipment
    let events: AgentEvents
    /// The folder that the attempt before left as this one needs it.
    let kept: NodeFolder?

    init(equipment: AgentEquipment, events: AgentEvents, kept: NodeFolder?) {
        self.equipment = equipment
        self.events = events
        self.kept = kept
    }

    /// For an attempt that is the agent's first.
    package init(equipment: AgentEquipment, events: AgentEvents) {
        self.init(equipment: equipment, events: events, kept: nil)
    }

    var reactor: ProcessReactor { self.equipment.reactor }
    var status: StatusWriter { self.equipment.status }
    var files: DispatchQueue { self.equipment.files }
    var sockets: MultiThreadedEventLoopGroup { self.equipment.sockets }
    var inbox: BroadcastInbox { self.equipment.inbox }
    var requests: RequestServer { self.equipment.requests }
}
