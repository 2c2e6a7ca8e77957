import Foundation
import MusterModel
import MusterProcess
import MusterWire
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import Testing

@testable import MusterAgent

/// Files on their way between agents that do not share a machine, over the connection that agents use.
@Suite struct BroadcastTests {
    @Test(
        "A file arrives whole over the gang's connection, beside messages, with its bytes and permission bits",
        arguments: [
            1, 256 << 10, 256 << 10 + 1, 20 << 20 + 12345,
        ])
    func arrives(size: Int) async throws {
        let folder = "/tmp/mb-\(UInt32.random(in: 0...UInt32.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/work", withIntermediateDirectories: true)
        var random = SystemRandomNumberGenerator()
        let words = (0..<size / 8 + 1).map { _ in random.next() as UInt64 }
        let contents = words.withUnsafeBytes { Data($0.prefix(size)) }
        try contents.write(to: URL(filePath: "\(folder)/source"))
        let offer = BroadcastOffer(
            broadcast: 3, path: "made/copy", size: size, mode: 0o751,
            source: try FileIdentity.look("\(folder)/source").identity, shared: "\(folder)/shared")
        let (ends, end) = AsyncStream.makeStream(of: AgentError?.self)
        let place = BroadcastPlace(offer.path, broadcast: offer.broadcast, in: NodeFolder(root: folder))
        let inbox = BroadcastInbox()
        inbox.open(try IncomingBroadcast(offer, into: place) { end.yield($0) })

        let pair = try await ConnectedPair(files: inbox)
        try OutgoingBroadcast(offer, over: pair.sender, on: DispatchQueue(label: "test")) { end.yield($0) }.start()
        for stage in 0..<20 { pair.sender.send(ControlMessage.setupStage(stage: stage)) }

        let problem = try #require(await ends.first { _ in true })
        #expect(problem == nil)
        #expect(try Data(contentsOf: URL(filePath: "\(folder)/work/made/copy")) == contents)
        let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/work/made/copy")
        #expect((attributes[.posixPermissions] as? Int).map { $0 & 0o777 } == 0o551)
        #expect(try await pair.stages(20) == Array(0..<20), "messages between the pieces keep their order")
        await pair.close()
    }

    @Test("A file that becomes shorter while it is sent is told of, and nothing stands in its place")
    func shrinks() async throws {
        let folder = "/tmp/mb-\(UInt32.random(in: 0...UInt32.max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/work", withIntermediateDirectories: true)
        try Data(count: 100).write(to: URL(filePath: "\(folder)/source"))
        let offer = BroadcastOffer(
            broadcast: 1, path: "copy", size: 1000, mode: 0o644,
            source: try FileIdentity.look("\(folder)/source").identity, shared: "\(folder)/shared")
        let pair = try await ConnectedPair(files: BroadcastInbox())
        let (failures, failure) = AsyncStream.makeStream(of: AgentError.self)
        try OutgoingBroadcast(offer, over: pair.sender, on: DispatchQueue(label: "test")) { failure.yield($0) }.start()
        #expect(await failures.first { _ in true }?.message.contains("has changed") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/work/copy"))
        await pair.close()
    }
}

/// The control node's end of a gang's connection, and a worker's that takes files, in one process.
private final class ConnectedPair: Sendable {
    let sender: GangConnection
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    private let server: GangServer
    private let stages: AsyncStream<Int>

    init(files: BroadcastInbox) async throws {
        let attempt = AttemptID(flow: "F", run: "1", step: "s", task: 1, attempt: 0)
        let tls = try GangTLS(secret: Data(count: 32).base64EncodedString(), attempt: attempt)
        let (control, controlEvents) = AsyncStream.makeStream(of: AgentEvent.self)
        self.server = try await GangServer.start(
            address: "127.0.0.1", size: 2, tls: tls, on: self.group, events: controlEvents)
        let (worker, workerEvents) = AsyncStream.makeStream(of: AgentEvent.self)
        GangClient.connect(
            address: "127.0.0.1", port: self.server.port, tls: tls, on: self.group, events: workerEvents, files: files)
        let (stages, stage) = AsyncStream.makeStream(of: Int.self)
        self.stages = stages
        Task {
            for await event in worker {
                guard case .fromControl(let connection, let event) = event else { continue }
                switch event {
                case .opened:
                    let node = RosterNode(index: 1, address: "127.0.0.1", cpus: 1, gpus: 0)
                    connection.send(
                        WorkerMessage.hello(introduction: GangHello(attempt: attempt, size: 2, node: node)))
                case .message(.setupStage(let number)): stage.yield(number)
                default: break
                }
            }
        }
        var sender: GangConnection?
        for await case .fromWorker(let connection, .message(.hello)) in control {
            sender = connection
            break
        }
        self.sender = try #require(sender)
        self.sender.admit()
    }

    func stages(_ count: Int) async throws -> [Int] {
        var heard: [Int] = []
        for await stage in self.stages {
            heard.append(stage)
            if heard.count == count { break }
        }
        return heard
    }

    func close() async {
        self.sender.close()
        self.server.stop()
        try? await self.group.shutdownGracefully()
    }
}
