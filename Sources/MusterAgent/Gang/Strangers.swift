import NIOCore
import Synchronization

/// The connections of a gang's server that have not been admitted: anybody can make them, and each costs memory and a
/// descriptor.
///
/// Of too many the oldest goes. A worker is admitted within milliseconds, so whoever only holds connections open loses
/// them, and keeps nobody out.
final class Strangers: Sendable {
    /// How many there may be at once in a gang of `size`: all of its workers, and some that try again or are none.
    static func limit(size: Int) -> Int { size + 64 }

    private let limit: Int
    private let channels = Mutex<[any Channel]>([])

    init(size: Int) { self.limit = Self.limit(size: size) }

    /// A connection was made.
    func come(_ channel: any Channel) {
        let oldest = self.channels.withLock { channels in
            channels.append(channel)
            return channels.count > self.limit ? channels.removeFirst() : nil
        }
        oldest?.close(promise: nil)
    }

    /// A connection was admitted, or has ended. Asking again changes nothing.
    func leave(_ channel: any Channel) {
        self.channels.withLock { $0.removeAll { $0 === channel } }
    }
}

/// Counts one connection from its beginning to its admission.
final class StrangerHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let strangers: Strangers

    init(_ strangers: Strangers) { self.strangers = strangers }

    func handlerAdded(context: ChannelHandlerContext) { self.strangers.come(context.channel) }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is GangConnection.Admitted { self.strangers.leave(context.channel) }
        context.fireUserInboundEventTriggered(event)
    }

    /// However the connection ends.
    func handlerRemoved(context: ChannelHandlerContext) { self.strangers.leave(context.channel) }
}
