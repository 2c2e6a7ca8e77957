import Dispatch
import FoundationEssentials
import MusterModel
import MusterWire

/// What the bodies of a gang do together: barriers, and files of the control node for all.
extension NodeRunner {
    func reachBarrier(_ connection: SocketConnection) {
        self.toControl(.barrierReached(barrier: self.barriers.add(connection)))
    }

    func barrierPassed(_ barrier: Int, _ failure: TaskFailure?) {
        guard let connection = self.barriers.take(barrier) else { return }
        self.answer(connection, failure.map { .failed(failure: $0) } ?? .done)
    }

    // MARK: Broadcasts

    func broadcast(_ path: String, _ connection: SocketConnection) {
        do throws(AgentError) {
            guard self.spec.index == 0 else {
                throw AgentError(
                    "broadcast: the control node sends its file to the others; this is node \(self.spec.index)")
            }
            if let problem = BroadcastPlace.problem(path) { throw AgentError("broadcast: \(problem)") }
            let (identity, size, mode) = try FileIdentity.look("\(self.folder.work)/\(path)")
            guard size > 0 || self.spec.size == 1 else { throw AgentError("broadcast: \(path) is empty") }
            let number = self.broadcasts.add(connection)
            self.toControl(
                .broadcastRequested(
                    offer: BroadcastOffer(
                        broadcast: number, path: path, size: size, mode: mode, source: identity,
                        shared: "\(self.folder.root)/shared-\(number)")))
        } catch {
            self.answer(connection, .failed(failure: self.blame("step").failure(.contract, error.message)))
        }
    }

    func broadcastEnded(_ broadcast: Int, _ failure: TaskFailure?) {
        guard let connection = self.broadcasts.take(broadcast) else { return }
        self.answer(connection, failure.map { .failed(failure: $0) } ?? .done)
    }

    /// The control node has a file for this node.
    func take(_ offer: BroadcastOffer) {
        guard self.phase == .running, !self.isClearing, BroadcastPlace.problem(offer.path) == nil else { return }
        let place = BroadcastPlace(offer.path, broadcast: offer.broadcast, in: self.folder)
        let events = self.services.events
        if offer.source.isHere {
            self.services.files.async {
                events.yield(.broadcastReceived(offer, place.copy(offer)))
            }
            return
        }
        do throws(AgentError) {
            self.services.inbox.open(
                try IncomingBroadcast(offer, into: place) { events.yield(.broadcastReceived(offer, $0)) })
            self.toControl(.broadcastWanted(broadcast: offer.broadcast))
        } catch {
            self.broadcastReceived(offer, error)
        }
    }

    func broadcastReceived(_ offer: BroadcastOffer, _ problem: AgentError?) {
        let failure = problem.map {
            self.blame("step").failure(.environment, "the file \(offer.path) did not arrive: \($0)")
        }
        self.toControl(.broadcastTaken(broadcast: offer.broadcast, failure: failure))
    }
}
