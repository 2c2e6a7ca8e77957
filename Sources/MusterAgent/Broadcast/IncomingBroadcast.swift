import FoundationEssentials
import Glibc
import MusterSystem
import MusterWire
import Synchronization

/// A file that is being received: written beside its destination and renamed.
final class IncomingBroadcast: Sendable {
    private struct State {
        var descriptor: CInt
        var received = 0
        var problem: AgentError?
    }

    let broadcast: Int
    private let size: Int
    private let place: BroadcastPlace
    private let onEnd: @Sendable (AgentError?) -> Void
    private let state: Mutex<State>

    /// - Parameter onEnd: Called once, with the problem, if any.
    init(_ offer: BroadcastOffer, into place: BroadcastPlace, onEnd: @escaping @Sendable (AgentError?) -> Void)
        throws(AgentError)
    {
        self.broadcast = offer.broadcast
        self.size = offer.size
        self.place = place
        self.onEnd = onEnd
        self.state = Mutex(State(descriptor: try place.create(offer)))
    }

    deinit { self.state.withLock { if $0.descriptor >= 0 { close($0.descriptor) } } }

    /// Returns true after the last byte.
    func write(_ bytes: Data) -> Bool {
        let end = self.state.withLock { state -> AgentError?? in
            if state.problem == nil { state.problem = Self.write(bytes, to: state.descriptor, self.place) }
            state.received += bytes.count
            guard state.received >= self.size else { return nil }
            if state.problem == nil, state.received > self.size {
                state.problem = AgentError("more came of \(self.place.path) than was offered")
            }
            return .some(state.problem)
        }
        guard case .some(let problem) = end else { return false }
        self.onEnd(problem ?? self.place.finish())
        return true
    }

    private static func write(_ bytes: Data, to descriptor: CInt, _ place: BroadcastPlace) -> AgentError? {
        bytes.withUnsafeBytes { bytes in
            do throws(SystemError) {
                try OpenFile.write(bytes, to: descriptor, called: place.path)
                return nil
            } catch {
                return AgentError(error)
            }
        }
    }
}
