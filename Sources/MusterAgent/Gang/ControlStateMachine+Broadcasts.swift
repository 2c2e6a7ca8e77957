import MusterModel
import MusterWire

/// Files that the control node sends to all other nodes.
extension ControlStateMachine {
    /// The progress of a broadcast.
    struct Broadcast: Sendable, Equatable {
        let offer: BroadcastOffer
        /// The nodes that do not have the file yet.
        var waiting: Set<Int>
        var failure: TaskFailure?
    }

    mutating func broadcast(_ offer: BroadcastOffer) {
        let others = Set(0..<self.size).subtracting([Self.own])
        self.broadcasts[offer.broadcast] = Broadcast(offer: offer, waiting: others)
        self.emit(.send(.broadcastOffered(offer: offer), nodes: others.sorted()))
        self.settle(offer.broadcast)
    }

    mutating func broadcastWanted(_ broadcast: Int, _ node: Int) {
        guard let progress = self.progress(of: broadcast, node) else { return }
        self.emit(.sendFile(progress.offer, node: node))
    }

    mutating func broadcastTaken(_ broadcast: Int, _ node: Int, _ failure: TaskFailure?) {
        guard var progress = self.progress(of: broadcast, node) else { return }
        progress.waiting.remove(node)
        progress.failure = progress.failure ?? failure
        self.broadcasts[broadcast] = progress
        self.settle(broadcast)
    }

    /// The broadcast of which `node` does not have the file yet; nil when it is over, and for a node that has the file, which
    /// is blamed.
    private mutating func progress(of broadcast: Int, _ node: Int) -> Broadcast? {
        guard let progress = self.broadcasts[broadcast] else { return nil }
        if progress.waiting.contains(node) { return progress }
        self.misbehaves(node, "it has the file of broadcast \(broadcast) already")
        return nil
    }

    /// The file cannot be read to its end: its receivers would wait for ever.
    mutating func broadcastFailed(_ broadcast: Int, _ error: AgentError) {
        guard let progress = self.broadcasts.removeValue(forKey: broadcast) else { return }
        let failure = TaskFailure(
            code: .environment, message: "the file \(progress.offer.path) could not be sent: \(error)", node: Self.own)
        self.emit(.answer(.broadcastEnded(broadcast: broadcast, failure: failure)))
    }

    private mutating func settle(_ broadcast: Int) {
        guard let progress = self.broadcasts[broadcast], progress.waiting.isEmpty else { return }
        self.broadcasts[broadcast] = nil
        self.emit(.answer(.broadcastEnded(broadcast: broadcast, failure: progress.failure)))
    }
}
