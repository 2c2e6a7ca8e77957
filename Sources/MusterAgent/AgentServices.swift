import Dispatch
import MusterProcess
import MusterWire
import NIOPosix

/// What an agent works with, besides its decisions.
struct AgentServices: Sendable {
    let reactor: ProcessReactor
    let events: AgentEvents
    let status: StatusWriter
    /// Blocking work on files, one after the other.
    let files = DispatchQueue(label: "muster.files")
    /// Sockets, of the flow program and of the gang.
    let sockets: MultiThreadedEventLoopGroup

    init(reactor: ProcessReactor, events: AgentEvents, status: StatusWriter) {
        self.reactor = reactor
        self.events = events
        self.status = status
        self.sockets = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    }
}
