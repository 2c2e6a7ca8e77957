import Foundation
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterWire
import NIOCore
import NIOPosix
import Testing

@testable import MusterAgent

/// What holds a gang up and must not break it: a store that stalls, strangers at its port, connections that break.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StallTests {
    private static let bytes = 30_000_000

    @Test(
        "A store that takes nothing for longer than a node may be silent loses no node and no byte, and costs no memory",
        arguments: [0, 1])
    func store(node: Int) async throws {
        let harness = try AgentHarness(
            3, "if node == \(node): print('x' * \(Self.bytes), flush=True)\nprint('end', flush=True)\nresult()")
        let path = StoreLayout(root: "\(harness.root)/store").logFile(harness.attempt, node: node)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        // Nobody can write to a pipe that nobody reads, nor even open it.
        try #require(mkfifo(path, 0o600) == 0)
        try harness.start()
        for node in 0..<3 { try await harness.started(node) }
        try await Task.sleep(for: .seconds(NodeSettings().heartbeatTimeout * 1.6))
        let agent = try #require(harness.agent(node))
        #expect(Self.residentBytes(agent) < 120_000_000, "\(Self.residentBytes(agent))")
        let read = Task { await Self.whole(path, agent) }
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
        _ = try await harness.exits()
        #expect(await read.value > Self.bytes)
        harness.expectNothingLeft()
    }

    @Test("A gang whose store stalls can be stopped all the same")
    func stop() async throws {
        let harness = try AgentHarness(2, "daemon()\nprint('x' * \(Self.bytes), flush=True)\ntime.sleep(600)")
        let path = StoreLayout(root: "\(harness.root)/store").logFile(harness.attempt, node: 1)
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try #require(mkfifo(path, 0o600) == 0)
        try harness.start()
        for node in 0..<2 { try await harness.started(node) }
        let agent = try #require(harness.agent(1))
        harness.send(.stop(failure: TaskFailure(code: .cancelled, message: "enough")), to: 0)
        // Its processes end, and only then it waits for its log.
        for _ in 0..<300 where Self.steps(harness).count > 0 { try await Task.sleep(for: .milliseconds(100)) }
        #expect(Self.steps(harness).isEmpty)
        let read = Task { await Self.whole(path, agent) }
        #expect(try await harness.report().failure?.message == "enough")
        _ = try await harness.exits()
        _ = await read.value
        harness.expectNothingLeft()
    }

    @Test("A flood of connections keeps no node from its gang", arguments: 1...3)
    func flood(round: Int) async throws {
        let harness = try AgentHarness(4, "result()")
        try harness.start([0])
        let port = try await harness.listeningPort()
        let flood = Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        var held: [any Channel] = []
                        while !Task.isCancelled {
                            let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                                .connect(host: "127.0.3.1", port: port).get()
                            if let channel { held.append(channel) }
                            if held.count > 100 { held.removeFirst().close(promise: nil) }
                        }
                        for channel in held { channel.close(promise: nil) }
                    }
                }
            }
        }
        try harness.start([1, 2, 3])
        let report = try await harness.report()
        #expect(report.failure == nil, "\(report)")
        flood.cancel()
        await flood.value
        #expect(try await harness.exits() == Array(repeating: .exited(0), count: 4))
    }

    @Test("A worker whose connection breaks before the gang has come together comes again")
    func comesAgain() async throws {
        let harness = try AgentHarness(3, "result()")
        try harness.start([0])
        let port = try await harness.listeningPort()
        let (ports, found) = AsyncStream.makeStream(of: Int.self)
        let proxy = try harness.reactor.spawn(
            ProcessSpec(
                executable: "/usr/bin/python3", arguments: ["-u", "-c", Self.proxy, "127.0.3.1", "\(port)"],
                environment: [:], standardInput: .pipe, parentDeathSignal: SIGKILL),
            onOutput: { _, bytes in
                if let port = Int(
                    String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
                {
                    found.yield(port)
                }
            }, onExit: { _ in found.finish() })
        let own = try #require(await ports.first { _ in true })
        try harness.start([1], control: ("127.0.0.1", own))
        func joined(_ times: Int) async throws {
            _ = try await harness.wait { $0.count { $0.status == .joined(node: 1) } >= times ? true : nil }
        }
        for round in 1...3 {
            try await joined(round)
            proxy.write(Array("cut\n".utf8))
        }
        try await joined(4)
        try harness.start([2])
        #expect(try await harness.report().failure == nil)
        _ = try await harness.exits()
        proxy.signal(SIGKILL)
    }

    // MARK: Helpers

    /// Passes bytes on until it is told to cut all connections.
    private static let proxy = """
        import socket, sys, threading
        server = socket.create_server(("127.0.0.1", 0))
        print(server.getsockname()[1])
        held = []
        def copy(source, target):
            try:
                while data := source.recv(65536): target.sendall(data)
            except OSError: pass
            for side in (source, target):
                try: side.shutdown(socket.SHUT_RDWR)
                except OSError: pass
        def serve():
            while True:
                near, _ = server.accept()
                far = socket.create_connection((sys.argv[1], int(sys.argv[2])))
                held.extend((near, far))
                for pair in ((near, far), (far, near)): threading.Thread(target=copy, args=pair, daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        for _ in sys.stdin:
            while held:
                try: held.pop().shutdown(socket.SHUT_RDWR)
                except OSError: pass
        """

    private static func steps(_ harness: AgentHarness) -> [Int32] {
        (0..<2).flatMap { harness.processes($0) }.filter { pid in
            ProcessTree.identity(of: pid).flatMap(ProcessTree.name(of:)).map { !$0.hasPrefix("muster") } ?? false
        }
    }

    /// Reads a pipe that `agent` writes, on a thread that may wait, until that has closed it or is gone. Returns the bytes.
    private static func whole(_ path: String, _ agent: Int32) async -> Int {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Self.read(path, agent)) }
        }
    }

    private static func read(_ path: String, _ agent: Int32) -> Int {
        // An agent that gave up never opens it: an open that waits for a writer could wait for ever.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var total = 0
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            total += max(count, 0)
            if count == 0, total > 0 || kill(agent, 0) != 0 { return total }
            guard count <= 0 else { continue }
            var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // Without a writer there is nothing to wait for.
            if count == 0 { usleep(10_000) } else { poll(&wanted, 1, 1000) }
        }
    }

    private static func residentBytes(_ pid: Int32) -> Int {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
    }
}
