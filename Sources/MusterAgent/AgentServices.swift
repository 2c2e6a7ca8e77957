import Dispatch
import Glibc
package import MusterProcess
import MusterStore
import NIOPosix
import Synchronization

/// The resources of an agent, from its start to its end: the attempts that it runs share them.
package final class AgentEquipment: Sendable {
    let reactor: ProcessReactor
    let clock: any AgentClock
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
    /// Brings and takes what the node needs and makes, where it sees nothing but a bucket; nil where it sees the store.
    let bucket: BucketNode?
    private let server = Mutex<StepServer?>(nil)

    /// - Parameters:
    ///   - clock: nil for the system's.
    ///   - status: The descriptor for status lines to the engine.
    package convenience init(
        reactor: ProcessReactor, clock: (any AgentClock)? = nil, status: CInt = STDOUT_FILENO
    ) {
        self.init(reactor: reactor, clock: clock, status: status, bucket: nil)
    }

    init(reactor: ProcessReactor, clock: (any AgentClock)? = nil, status: CInt, bucket: BucketNode?) {
        self.reactor = reactor
        self.bucket = bucket
        let clock = clock ?? SystemClock(reactor)
        self.clock = clock
        self.status = StatusWriter(descriptor: status, clock: clock)
    }

    /// The running server for such steps, or a new one in its place.
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

    /// Ends the step server and removes the folder: no other attempt comes. Harmless when neither exists.
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

/// The resources of one attempt.
package struct AgentServices: Sendable {
    let equipment: AgentEquipment
    let events: AgentEvents
    /// The folder that the previous attempt has left ready for this one.
    let reusedFolder: NodeFolder?
    let log: AgentLog

    init(
        equipment: AgentEquipment, events: AgentEvents, reusedFolder: NodeFolder?, log: AgentLog = AgentLog(.silent)
    ) {
        self.equipment = equipment
        self.events = events
        self.reusedFolder = reusedFolder
        self.log = log
    }

    /// For the first attempt of an agent.
    package init(equipment: AgentEquipment, events: AgentEvents) {
        self.init(equipment: equipment, events: events, reusedFolder: nil)
    }

    var reactor: ProcessReactor { self.equipment.reactor }
    var clock: any AgentClock { self.equipment.clock }
    var status: StatusWriter { self.equipment.status }
    var bucket: BucketNode? { self.equipment.bucket }
    var files: DispatchQueue { self.equipment.files }
    var sockets: MultiThreadedEventLoopGroup { self.equipment.sockets }
    var inbox: BroadcastInbox { self.equipment.inbox }
    var requests: RequestServer { self.equipment.requests }
}
