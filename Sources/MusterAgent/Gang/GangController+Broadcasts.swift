import MusterModel
import MusterWire

/// How far a broadcast has come.
struct BroadcastProgress {
    let offer: BroadcastOffer
    /// The nodes that do not have the file yet.
    var waiting: Set<Int>
    var failure: TaskFailure?
}

/// Files of the control node for all others.
extension GangController {
    func broadcast(_ offer: BroadcastOffer) {
        let others = Set(0..<self.spec.size).subtracting([self.spec.index])
        self.broadcasts[offer.broadcast] = BroadcastProgress(offer: offer, waiting: others)
        self.send(.broadcastOffered(offer: offer), to: others)
        self.settle(offer.broadcast)
    }

    /// A node that cannot see the file itself wants its bytes.
    func sendFile(of broadcast: Int, to node: Int) {
        guard let progress = self.broadcasts[broadcast], let connection = self.connections[node] else { return }
        let events = self.services.events
        do throws(AgentError) {
            try OutgoingBroadcast(progress.offer, over: connection, on: self.services.files) {
                events.yield(.broadcastFailed(broadcast: broadcast, $0))
            }.start()
        } catch {
            self.broadcastFailed(broadcast, error)
        }
    }

    func broadcastTaken(_ broadcast: Int, _ node: Int, _ failure: TaskFailure?) {
        guard var progress = self.broadcasts[broadcast] else { return }
        progress.waiting.remove(node)
        progress.failure = progress.failure ?? failure
        self.broadcasts[broadcast] = progress
        self.settle(broadcast)
    }

    /// Half a file is on its way: its receivers would wait for ever.
    func broadcastFailed(_ broadcast: Int, _ error: AgentError) {
        guard let progress = self.broadcasts.removeValue(forKey: broadcast) else { return }
        let failure = TaskFailure(
            code: .environment, message: "the file \(progress.offer.path) could not be sent: \(error)",
            node: self.spec.index)
        self.send(.broadcastEnded(broadcast: broadcast, failure: failure), to: self.spec.index)
    }

    private func settle(_ broadcast: Int) {
        guard let progress = self.broadcasts[broadcast], progress.waiting.isEmpty else { return }
        self.broadcasts[broadcast] = nil
        self.send(.broadcastEnded(broadcast: broadcast, failure: progress.failure), to: self.spec.index)
    }
}
