import Foundation
import MusterModel
import MusterProcess
import MusterWire
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import MusterAgent

/// Gangs of several real agents on loopback addresses.
@Suite(.timeLimit(.minutes(10))) struct GangTests {
    static let ok = MusterProcess.ExitStatus.exited(0)

    @Test("Nodes with tens of thousands of artifacts each are heard of like others")
    func manyArtifacts() async throws {
        let harness = try AgentHarness(
            2,
            """
            path = os.environ["MUSTER_STORE"] + "/artifacts/e/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "w").close()
            empty = {"digest": os.path.basename(path), "size": 0, "encoding": "data"}
            result(unchanged={f"one of very many artifacts, number {n}": empty for n in range(30_000)})
            """)
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil, "\(String(describing: report.failure))")
        #expect(report.nodes.map { $0.result?.artifacts.count } == [30_000, 30_000])
    }

    @Test(
        "Of node 0's addresses the one that holds the key is found: behind one that is silent, and one that is another's"
    )
    func addresses() async throws {
        let harness = try AgentHarness(2, "result()")
        try harness.start([0])
        let port = try await harness.listeningPort()
        // Accepts and says nothing, as a network does that drops packets.
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.3.8", port: port).get()
        // Speaks, but not with this gang's key.
        let stranger = try await GangServer.start(
            address: "127.0.3.7", size: 2,
            tls: GangTLS(secret: Data(count: 32).base64EncodedString(), attempt: harness.attempt), on: .singleton,
            events: AsyncStream.makeStream(of: AgentEvent.self).continuation)
        let started = ContinuousClock.now
        try harness.start([1], control: ("127.0.3.8", port), others: ["127.0.3.7", "127.0.3.6", "127.0.3.1"])
        #expect(try await harness.report().failure == nil)
        #expect(ContinuousClock.now - started < .seconds(5))
        stranger.stop()
        try await silent.close()
    }

    @Test("Every node of a gang gets the same roster and its own place, and all results arrive")
    func succeeds() async throws {
        let harness = try AgentHarness(
            4,
            """
            assert os.environ["MF_PARALLEL_NUM_NODES"] == "4" and os.environ["MF_PARALLEL_MAIN_IP"] == "127.0.3.1"
            assert os.environ["MUSTER_NODE_INDEX"] == str(node) and os.environ["MUSTER_NODE_ADDRESS"] == f"127.0.3.{node + 1}"
            assert task["taskID"] == ("3" if node == 0 else f"3-node-{node}") and task["parallel"]["controlTaskID"] == "3"
            open(folder + "/a", "w").write(str(node))
            print("node", node)
            result(artifacts={"a": {"path": "a", "encoding": "json"}})
            """)
        try harness.start()
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
        #expect(report.nodes.map(\.status) == Array(repeating: .succeeded, count: 4))
        #expect(Set(report.nodes.compactMap { $0.result?.artifacts["a"]?.digest }).count == 4)
        #expect(try await harness.exits() == Array(repeating: Self.ok, count: 4))
        for node in 0..<4 { #expect(harness.text(node).contains("node \(node)\n")) }
        harness.expectNothingLeft()
    }

    @Test("A gang that may be smaller starts without a node that does not come, and counts its nodes anew")
    func startsWithEnough() async throws {
        let harness = try AgentHarness(
            3,
            """
            assert os.environ["MF_PARALLEL_NUM_NODES"] == os.environ["MUSTER_NODES"] == "2" and task["parallel"]["nodes"] == 2
            assert os.environ["MUSTER_NODE_INDEX"] == str(node) and task["taskID"] == ("3" if node == 0 else "3-node-1")
            assert os.environ["MUSTER_NODE_ADDRESS"] == ("127.0.3.1" if node == 0 else "127.0.3.3")
            assert ask({"barrier": {}}) == {"done": {}}
            answer = torchrun("./worker.sh")
            assert answer == {"done": {}}, answer
            result()
            """, files: ["worker.sh": "#!/bin/sh\necho rank $RANK of $WORLD_SIZE\n"]
        ) {
            $0.minimum = 2
            $0.rendezvousDeadline = 2
        }
        try harness.start([0, 2])
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
        #expect(report.nodes.map(\.status) == [.succeeded, .succeeded] && report.nodes.map(\.index) == [0, 1])
        #expect(harness.text(0).contains("rank 0 of 2\n") && harness.text(1).contains("rank 1 of 2\n"))
        #expect(try await harness.exit(2) == Self.ok)
    }

    @Test(
        "The first node that fails ends the gang and is named; the others were stopped; daemons go too",
        arguments: [0, 2])
    func oneFails(culprit: Int) async throws {
        let harness = try AgentHarness(
            4,
            """
            daemon()
            if node == \(culprit): print("about to fail", flush=True); sys.exit(7)
            time.sleep(600)
            """)
        try harness.start()
        let report = try await harness.report()
        let failure = try #require(report.failure)
        #expect(failure.code == .exit && failure.node == culprit && failure.exitCode == 7 && failure.process == "step")
        #expect(failure.message == "the step program on node \(culprit) left with exit code 7")
        #expect(failure.lastLines == ["about to fail"])
        #expect(report.nodes.map(\.status) == (0..<4).map { $0 == culprit ? .failed : .stopped })
        harness.expectNothingLeft()
        #expect(try await harness.exits() == Array(repeating: Self.ok, count: 4))
    }

    @Test("A killed step process ends the gang at once, whatever the other nodes are at")
    func killedStep() async throws {
        let harness = try AgentHarness(3, "time.sleep(600)")
        try harness.start()
        for node in 0..<3 { try await harness.started(node) }
        let victim = try #require(harness.processes(1).first)
        let clock = ContinuousClock()
        let begin = clock.now
        kill(victim, SIGKILL)
        let report = try await harness.report()
        #expect(begin.duration(to: clock.now) < .seconds(30))
        #expect(report.failure?.code == .signal && report.failure?.node == 1 && report.failure?.signal == 9)
        harness.expectNothingLeft()
    }

    @Test("A killed agent is a lost node, and the step it started dies with it")
    func killedAgent() async throws {
        let harness = try AgentHarness(3, "time.sleep(600)")
        try harness.start()
        for node in 0..<3 { try await harness.started(node) }
        harness.signal(2, SIGKILL)
        let report = try await harness.report()
        let failure = try #require(report.failure)
        #expect(failure.code == .lost && failure.node == 2)
        #expect(failure.message.hasPrefix("node 2 (127.0.3.3) was lost:"), "\(failure.message)")
        #expect(report.nodes.map(\.status) == [.stopped, .stopped, .failed])
        _ = try await harness.exits()
        #expect((0..<3).flatMap { harness.processes($0) }.isEmpty)
    }

    @Test("A stopped agent is found by its silence, and takes itself down when it wakes")
    func stoppedWorker() async throws {
        let harness = try AgentHarness(2, "time.sleep(600)")
        try harness.start()
        for node in 0..<2 { try await harness.started(node) }
        harness.signal(1, SIGSTOP)
        let report = try await harness.report()
        #expect(report.failure?.code == .lost && report.failure?.node == 1)
        #expect(report.failure?.message.contains("not been heard of for 5 s") == true)
        harness.signal(1, SIGCONT)
        #expect(try await harness.exit(1) == .exited(1))
        harness.expectNothingLeft()
    }

    @Test("Workers that lose the control node take themselves down", arguments: [SIGKILL, SIGSTOP])
    func lostControl(signal: CInt) async throws {
        let harness = try AgentHarness(3, "daemon()\nprint('up', flush=True)\ntime.sleep(600)")
        try harness.start()
        for node in 0..<3 { try await harness.started(node) }
        harness.signal(0, signal)
        for node in 1..<3 {
            #expect(try await harness.exit(node) == .exited(1))
            #expect(harness.processes(node).isEmpty)
        }
        harness.signal(0, SIGCONT)
        harness.signal(0, SIGKILL)
        #expect(!harness.reportFileExists)
        for process in harness.processes(0) { kill(process, SIGKILL) }
    }

    @Test("Nodes that do not come are named when the deadline passes, and the others leave")
    func missing() async throws {
        let harness = try AgentHarness(4, "result()") { $0.rendezvousDeadline = 6 }
        try harness.start([0, 2])
        let report = try await harness.report()
        let failure = try #require(report.failure)
        #expect(failure.code == .rendezvous)
        #expect(
            failure.message.hasPrefix("nodes 1, 3 of 4 did not come to the rendezvous within 6 s"), "\(failure.message)"
        )
        #expect(report.nodes.map(\.status) == [.stopped, .failed, .stopped, .failed])
        #expect(try await harness.exit(0) == Self.ok)
        harness.expectNothingLeft()
    }

    @Test("A worker that never hears where the control node is leaves by itself")
    func noControl() async throws {
        let harness = try AgentHarness(2, "result()") { $0.rendezvousDeadline = 0.5 }
        try harness.start([1])
        #expect(try await harness.exit(1) == .exited(1))
        harness.expectNothingLeft()
    }

    @Test("When the engine goes all nodes take everything down")
    func inputEnds() async throws {
        let harness = try AgentHarness(3, "daemon()\ntime.sleep(600)")
        try harness.start()
        for node in 0..<3 { try await harness.started(node) }
        for node in 0..<3 { harness.closeInput(node) }
        _ = try await harness.exits()
        #expect(!harness.reportFileExists)
        harness.expectNothingLeft()
    }

    @Test(
        "A stop and the timeout end the whole gang, a signal to a worker's agent too",
        arguments: ["stop", "timeout", "signal"])
    func ends(how: String) async throws {
        let harness = try AgentHarness(3, "time.sleep(600)") { if how == "timeout" { $0.timeout = 1 } }
        try harness.start()
        for node in 0..<3 { try await harness.started(node) }
        if how == "stop" { harness.send(.stop(failure: TaskFailure(code: .cancelled, message: "enough")), to: 0) }
        if how == "signal" { harness.signal(1, SIGTERM) }
        let report = try await harness.report()
        switch how {
        case "stop": #expect(report.failure?.message == "enough")
        case "timeout": #expect(report.failure?.code == .timeout)
        default: #expect(report.failure?.node == 1 && report.failure?.message.contains("SIGTERM") == true)
        }
        #expect(try await harness.exits() == Array(repeating: Self.ok, count: 3))
        harness.expectNothingLeft()
    }

    @Test("Nodes that take different transitions are told apart")
    func transitions() async throws {
        let harness = try AgentHarness(2, "result({'step': {'to': 'join' if node == 0 else 'other'}})")
        try harness.start()
        let failure = try #require(try await harness.report().failure)
        #expect(failure.code == .contract && failure.message.contains("`other`"), "\(failure.message)")
    }

    // MARK: Intruders

    /// Sends bytes to the control node and waits until it closes the connection.
    static func intrude(_ harness: AgentHarness, _ bytes: [UInt8]) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let channel = try await ClientBootstrap(group: group).connect(host: "127.0.3.1", port: harness.listeningPort())
            .get()
        try? await channel.writeAndFlush(ByteBuffer(bytes: bytes))
        try await channel.closeFuture.get()
    }

    @Test("Garbage, huge lengths and unencrypted hellos are dropped and do the gang no harm")
    func garbage() async throws {
        let harness = try AgentHarness(2, "result()")
        try harness.start([0])
        let node = RosterNode(index: 1, address: "127.0.3.2", cpus: 1, gpus: 0)
        let hello = try GangFraming.encode(
            WorkerMessage.hello(introduction: GangHello(attempt: harness.attempt, size: 2, node: node)))
        try await Self.intrude(harness, Array("GET / HTTP/1.1\r\n\r\n".utf8))
        try await Self.intrude(harness, (0..<5000).map { _ in UInt8.random(in: 0...255) })
        try await Self.intrude(harness, [255, 255, 255, 255])
        try await Self.intrude(harness, Array(hello))
        try harness.start([1])
        #expect(try await harness.report().failure == nil)
    }

    /// Opens a connection with TLS as a worker would and gives what comes back, until it is closed.
    static func knock(
        _ harness: AgentHarness, secret: String, attempt: AttemptID, say: [WorkerMessage]
    ) async throws -> [ControlMessage] {
        let (stream, events) = AsyncStream.makeStream(of: AgentEvent.self)
        let tls = try GangTLS(secret: secret, attempt: attempt)
        GangClient.connect(
            address: "127.0.3.1", port: try await harness.listeningPort(), tls: tls, on: .singleton, events: events,
            files: BroadcastInbox())
        var answers: [ControlMessage] = []
        for await case .fromControl(let connection, let event) in stream {
            switch event {
            case .opened: for message in say { connection.send(message) }
            case .message(let message): answers.append(message)
            case .closed: return answers
            }
        }
        return answers
    }

    @Test("A connection that was recorded cannot be played again")
    func replay() async throws {
        let harness = try AgentHarness(3, "result()")
        try harness.start([0])
        let port = try await harness.listeningPort()
        let recorded = Mutex<[UInt8]>([])
        let proxy = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { worker in
                ClientBootstrap(group: worker.eventLoop).connect(host: "127.0.3.1", port: port).flatMap { control in
                    control.pipeline.addHandler(Recorder(to: worker) { _ in }).flatMap {
                        worker.pipeline.addHandler(Recorder(to: control) { bytes in recorded.withLock { $0 += bytes } })
                    }.flatMap { worker.setOption(.autoRead, value: true) }
                }
            }
            .bind(host: "127.0.3.9", port: 0).get()
        // The worker is sent through the proxy; a second address for node 0 is ignored.
        try harness.start([1], control: ("127.0.3.9", proxy.localAddress?.port ?? 0))
        _ = try await harness.wait { $0.contains { $0.status == .joined(node: 1) } ? true : nil }
        let bytes = recorded.withLock { $0 }
        #expect(bytes.count > 200)
        try await Self.intrude(harness, bytes)
        try harness.start([2])
        #expect(try await harness.report().failure == nil)
        try await proxy.close()
    }

    @Test("A peer with another key, or of another attempt, cannot even say hello")
    func wrongKey() async throws {
        let harness = try AgentHarness(2, "result()")
        try harness.start([0])
        let node = RosterNode(index: 1, address: "127.0.3.2", cpus: 1, gpus: 0)
        let hello = WorkerMessage.hello(introduction: GangHello(attempt: harness.attempt, size: 2, node: node))
        let other = Data(repeating: 7, count: 32).base64EncodedString()
        #expect(try await Self.knock(harness, secret: other, attempt: harness.attempt, say: [hello]).isEmpty)
        var later = harness.attempt
        later.attempt = 1
        #expect(try await Self.knock(harness, secret: harness.secret, attempt: later, say: [hello]).isEmpty)
        try harness.start([1])
        #expect(try await harness.report().failure == nil)
    }

    @Test("A peer that holds the key but says the wrong thing is refused with a reason, or dropped")
    func wrongHello() async throws {
        let harness = try AgentHarness(2, "result()")
        try harness.start([0])
        let node = RosterNode(index: 1, address: "127.0.3.2", cpus: 1, gpus: 0)
        func knock(_ say: [WorkerMessage]) async throws -> [ControlMessage] {
            try await Self.knock(harness, secret: harness.secret, attempt: harness.attempt, say: say)
        }
        let version = try await knock([
            .hello(introduction: GangHello(version: 9, attempt: harness.attempt, size: 2, node: node))
        ])
        guard case .refused(let reason)? = version.first else {
            Issue.record("\(version)")
            return
        }
        #expect(reason.contains("version 9"))
        #expect(try await knock([.released]).isEmpty)
        let address = String(repeating: "x", count: GangFraming.maximumHello)
        let long = WorkerMessage.hello(
            introduction: GangHello(
                attempt: harness.attempt, size: 2, node: RosterNode(index: 1, address: address, cpus: 1, gpus: 0)))
        #expect(try await knock([long]).isEmpty)
        try harness.start([1])
        #expect(try await harness.report().failure == nil)
    }

    @Test("A connection that stays silent is dropped in the end")
    func silent() async throws {
        let harness = try AgentHarness(2, "result()")
        try harness.start([0])
        let clock = ContinuousClock()
        let begin = clock.now
        try await Self.intrude(harness, [])
        #expect(begin.duration(to: clock.now) > .seconds(5))
        try harness.start([1])
        #expect(try await harness.report().failure == nil)
    }

    @Test("Connections that only stay open are dropped, the oldest first, and keep no worker out")
    func strangers() async throws {
        let harness = try AgentHarness(2, "result()")
        try harness.start([0])
        let port = try await harness.listeningPort()
        var channels: [any Channel] = []
        for _ in 0...UnauthenticatedConnections.limit(size: 2) {
            channels.append(
                try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.3.1", port: port).get())
        }
        let clock = ContinuousClock()
        let begin = clock.now
        try await channels[0].closeFuture.get()
        #expect(begin.duration(to: clock.now) < .seconds(5), "it went because of the others, not for its silence")
        let areOpen = channels.dropFirst().allSatisfy { $0.isActive }
        #expect(areOpen)
        try harness.start([1])
        #expect(try await harness.report().failure == nil)
        for channel in channels { try? await channel.close() }
    }

    @Test("A node that comes twice before the start replaces itself; one that comes late is refused")
    func twice() async throws {
        let harness = try AgentHarness(3, "time.sleep(600)")
        try harness.start([0])
        let node = RosterNode(index: 1, address: "127.0.3.2", cpus: 1, gpus: 0)
        let hello = WorkerMessage.hello(introduction: GangHello(attempt: harness.attempt, size: 3, node: node))
        func knock() async throws -> [ControlMessage] {
            try await Self.knock(harness, secret: harness.secret, attempt: harness.attempt, say: [hello])
        }
        async let older = knock()
        _ = try await harness.wait { $0.contains { $0.status == .joined(node: 1) } ? true : nil }
        try harness.start([1])
        #expect(try await older.filter { $0 != .heartbeat } == [.welcome(version: GangProtocol.version)])
        try harness.start([2])
        for node in 0..<3 { try await harness.started(node) }
        guard case .refused(let reason)? = try await knock().first else {
            Issue.record("was taken in")
            return
        }
        #expect(reason.contains("complete"))
        harness.send(.stop(failure: TaskFailure(code: .cancelled, message: "enough")), to: 0)
        #expect(try await harness.report().failure?.message == "enough")
    }
}

/// Stands between a worker and the control node and keeps what the worker sends.
final class Recorder: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer
    private let other: any Channel
    private let onBytes: @Sendable ([UInt8]) -> Void

    init(to other: any Channel, onBytes: @escaping @Sendable ([UInt8]) -> Void) {
        self.other = other
        self.onBytes = onBytes
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = self.unwrapInboundIn(data)
        self.onBytes(Array(bytes.readableBytesView))
        self.other.writeAndFlush(bytes, promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { self.other.close(promise: nil) }
}
