import MusterModel
import MusterWire
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import MusterAgent

/// A worker's side of a connection, on a loop whose time the test moves.
@Suite struct GangHeartbeatTests {
    private let channel = EmbeddedChannel()
    private let reasons = Reasons()

    private final class Reasons: Sendable {
        let all = Mutex<[String]>([])
    }

    init() throws {
        let reasons = self.reasons
        let handler = GangFrameHandler<ControlMessage>(channel: self.channel, patience: nil, times: NodeSettings()) {
            if case .closed(let reason) = $1 { reasons.all.withLock { $0.append(reason) } }
        }
        try self.channel.pipeline.syncOperations.addHandler(handler)
        try self.channel.connect(to: SocketAddress(unixDomainSocketPath: "/peer")).wait()
        try self.hear(.welcome(version: GangProtocol.version))
    }

    private func hear(_ message: ControlMessage) throws {
        try self.channel.writeInbound(ByteBuffer(bytes: GangFraming.encode(message)))
    }

    /// Heartbeats that were sent since the last call.
    private func sent() throws -> Int {
        var count = 0
        while let frame = try self.channel.readOutbound(as: ByteBuffer.self) {
            #expect(frame == ByteBuffer(bytes: try GangFraming.encode(WorkerMessage.heartbeat)))
            count += 1
        }
        return count
    }

    @Test("Each side sends a heartbeat a second, and a peer that is silent for five is lost at the next")
    func silence() throws {
        self.channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(try self.sent() == 5)
        #expect(self.reasons.all.withLock { $0 } == [])
        self.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
        #expect(self.reasons.all.withLock { $0 } == ["its agent has not been heard of for 5 s"])
        #expect(!self.channel.isActive)
    }

    @Test("A peer of which something comes every few seconds stays")
    func heard() throws {
        for _ in 0..<20 {
            self.channel.embeddedEventLoop.advanceTime(by: .seconds(4))
            try self.hear(.heartbeat)
        }
        #expect(self.reasons.all.withLock { $0 } == [])
        #expect(try self.sent() == 80)
    }
}
