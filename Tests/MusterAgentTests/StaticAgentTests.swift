import Foundation
import MusterModel
import MusterProcess
import MusterStore
import MusterWire
import Testing

/// The agent that travels: the release executable, alone in an empty root.
@Suite(
    .timeLimit(.minutes(10)),
    .enabled(
        if: StaticAgent.path != nil,
        "there is no release agent: swift build -c release --static-swift-stdlib --product muster-agent, or name one in MUSTER_TEST_RELEASE_AGENT"
    ))
struct StaticAgentTests {
    @Test("The release agent starts in a root that holds nothing but itself and /proc, quickly")
    func emptyRoot() async throws {
        let root = try StaticAgent.root()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let outcome = try await StaticAgent.run("exec chroot \(root) /muster-agent --version", root: root, input: nil)
        #expect(outcome.status == .exited(0), "\(String(decoding: outcome.standardError, as: UTF8.self))")
        #expect(String(decoding: outcome.standardOutput, as: UTF8.self).hasPrefix("muster-agent "))

        let reactor = try ProcessReactor()
        let path = try #require(StaticAgent.path)
        var times: [Duration] = []
        for _ in 0..<20 {
            let begin = ContinuousClock.now
            _ = try await reactor.run(ProcessSpec(executable: path, arguments: ["--version"], environment: [:]))
            times.append(begin.duration(to: .now))
        }
        times.sort()
        #expect(times[0] < .milliseconds(100), "it usually takes less than 10 ms")
    }

    @Test("In an empty root it runs a whole attempt: folder, log, program, report")
    func attempt() async throws {
        let root = try StaticAgent.root()
        defer { try? FileManager.default.removeItem(atPath: root) }
        for folder in ["package", "store/artifacts", "store/incoming", "store/runs"] {
            try FileManager.default.createDirectory(atPath: "\(root)/\(folder)", withIntermediateDirectories: true)
        }
        let attempt = AttemptID(flow: "Flow", run: "1", step: "train", task: 1, attempt: 0)
        let task = TaskFile(
            attempt: attempt, taskID: "", user: "me",
            parallel: ParallelFrame(controlAddress: "", nodes: 0, index: 0, controlTaskID: ""), socket: "",
            temporaryFolder: "")
        // The only program there is: the agent itself, which refuses the arguments of a flow program.
        let spec = NodeSpec(
            attempt: attempt, index: 0, size: 1, address: "127.0.0.1", secret: "", rendezvousDeadline: 10, timeout: nil,
            grace: 1,
            program: ["/muster-agent"], task: task, store: "/store", package: "/package", scratch: "/scratch",
            environment: [:],
            framework: nil, cpus: 1, gpus: 0)
        let input = Array(try LineCoding.encode(spec))
        let file = "\(root)/spec"
        try Data(input).write(to: URL(filePath: file))
        // The input stays open for as long as the agent may take.
        let outcome = try await StaticAgent.run(
            "(cat \(file); sleep 5) | chroot \(root) /muster-agent", root: root, input: nil)
        let report = try JSONDecoder().decode(
            GangReport.self,
            from: Data(contentsOf: URL(filePath: StoreLayout(root: "\(root)/store").reportFile(attempt))))
        #expect(report.failure?.message == "the step program left with exit code 2", "\(outcome)")
        #expect(report.failure?.lastLines.contains { $0.contains("unknown argument 'step'") } == true)
        #expect(!FileManager.default.fileExists(atPath: "\(root)/scratch"))
    }
}

enum StaticAgent {
    /// The release executable; nil when it was not built.
    static let path: String? = {
        if let named = ProcessInfo.processInfo.environment["MUSTER_TEST_RELEASE_AGENT"] { return named }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let path = root.appending(path: ".build/release/muster-agent").path
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// An empty root with the agent in it.
    static func root() throws -> String {
        let root = "/tmp/ma-root-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: "\(root)/proc", withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: Self.path ?? "", toPath: "\(root)/muster-agent")
        return root
    }

    /// Runs a shell command with a `/proc` of its own in `root`.
    static func run(_ command: String, root: String, input: [UInt8]?) async throws -> ProcessOutcome {
        let mounts = geteuid() == 0 ? ["-m"] : ["-r", "-m"]
        let script = "mount --rbind /proc \(root)/proc && \(command)"
        return try await ProcessReactor().run(
            ProcessSpec(
                executable: "unshare", arguments: mounts + ["--propagation", "private", "/bin/sh", "-c", script],
                environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]), input: input)
    }
}
