import Foundation
import MusterModel
import MusterProcess
import MusterStore
import MusterWire
import Synchronization
import Testing

/// Starts real agents as the engine does, around a flow program written in Python, and hears what they say.
final class AgentHarness: Sendable {
    struct Heard: Sendable {
        var node: Int
        /// nil: the agent has left.
        var status: AgentStatus?
        var exit: MusterProcess.ExitStatus?
    }

    let root: String
    let size: Int
    let attempt: AttemptID
    let secret: String
    let reactor: ProcessReactor
    private let program: String
    private let change: @Sendable (inout NodeSpec) -> Void
    private let agents = Mutex<[Int: SpawnedProcess]>([:])
    private let port = Mutex<Int?>(nil)
    private let heard = Mutex<[Heard]>([])
    private let waiters = Mutex<[@Sendable () -> Void]>([])

    /// - Parameters:
    ///   - body: Python that runs after ``prelude``.
    ///   - files: Of the code package.
    init(
        _ size: Int, _ body: String, files: [String: String] = [:],
        change: @escaping @Sendable (inout NodeSpec) -> Void = { _ in }
    ) throws {
        self.size = size
        self.change = change
        self.root = "/tmp/ma-\(UInt32.random(in: 0...UInt32.max))"
        self.attempt = AttemptID(
            flow: "Flow", run: "\(UInt32.random(in: 0...UInt32.max))", step: "train", task: 3, attempt: 0)
        self.secret = Data((0..<32).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
        self.reactor = try ProcessReactor()
        self.program = "\(self.root)/flow.py"
        for folder in ["package", "store/artifacts", "store/incoming", "store/runs"] {
            try FileManager.default.createDirectory(atPath: "\(self.root)/\(folder)", withIntermediateDirectories: true)
        }
        try Data((Self.prelude + body).utf8).write(to: URL(filePath: self.program))
        chmod(self.program, 0o755)
        for (name, text) in files {
            try Data(text.utf8).write(to: URL(filePath: "\(self.root)/package/\(name)"))
            chmod("\(self.root)/package/\(name)", 0o755)
        }
    }

    static let prelude = """
        #!/usr/bin/python3 -IS
        import json, os, signal, socket, subprocess, sys, time
        folder = sys.argv[4]
        task = json.load(open(folder + "/task.json"))
        node = task["parallel"]["index"]
        def result(transition={"step": {"to": "join"}}, **rest):
            value = {"version": 1, "transition": transition, "artifacts": {}, "unchanged": {}}
            value.update(rest)
            if value["transition"] is None: del value["transition"]
            with open(folder + "/result.tmp", "w") as file: json.dump(value, file)
            os.rename(folder + "/result.tmp", folder + "/result.json")
        def ask(request):
            link = socket.socket(socket.AF_UNIX)
            link.connect(task["socket"])
            link.sendall(json.dumps(request).encode() + b"\\n")
            answer = link.makefile().readline()
            link.close()
            return json.loads(answer)
        def torchrun(entrypoint="worker.sh", arguments=[], raw=["--no-python"], **rest):
            options = {"entrypoint": entrypoint, "arguments": arguments, "torchrunArguments": raw, **rest}
            return ask({"framework": {"framework": "torchrun", "options": options}})
        def fail(answer):
            failure = answer["failed"]["failure"]
            result(None, error={"code": "step.error", "message": "training failed: " + failure["message"]})
            sys.exit(1)
        def daemon(ignore=False):
            # Leaves its session, its group and its parent.
            trap = "trap '' TERM; " if ignore else ""
            subprocess.Popen(["/bin/sh", "-c", "setsid /bin/sh -c \\"" + trap + "while :; do sleep 1; done\\" & "]).wait()

        """

    // MARK: Starting

    func spec(_ node: Int) -> NodeSpec {
        let task = TaskFile(
            attempt: self.attempt, taskID: "", user: "me",
            parallel: ParallelFrame(controlAddress: "", nodes: 0, index: 0, controlTaskID: ""), socket: "",
            temporaryFolder: "")
        var spec = NodeSpec(
            attempt: self.attempt, index: node, size: self.size, address: "127.0.3.\(node + 1)", secret: self.secret,
            rendezvousDeadline: 60, timeout: nil, grace: 2, program: [self.program], task: task,
            store: "\(self.root)/store",
            package: "\(self.root)/package", scratch: "\(self.root)/n\(node)", environment: ["PATH": "/usr/bin:/bin"],
            framework: nil, cpus: 1, gpus: 0)
        self.change(&spec)
        return spec
    }

    /// Starts agents and tells the workers where node 0 listens, as soon as it does.
    /// - Parameter control: Where the nodes are told that node 0 listens; nil for the truth.
    /// - Parameter others: Addresses beside that one.
    func start(
        _ nodes: some Sequence<Int>, control: (address: String, port: Int)? = nil, others: [String]? = nil
    ) throws {
        for node in nodes {
            try self.startOne(node, tells: control == nil)
            if let control {
                self.send(.control(address: control.address, port: control.port, others: others), to: node)
            }
        }
    }

    func start() throws { try self.start(0..<self.size) }

    private func startOne(_ node: Int, tells: Bool) throws {
        let lines = Mutex(LineBuffer())
        let process = try self.reactor.spawn(
            ProcessSpec(executable: try Self.agent(), environment: [:], standardInput: .pipe),
            onOutput: { [weak self] stream, bytes in
                guard stream == .standardOutput else {
                    FileHandle.standardError.write(Data(bytes))
                    return
                }
                for line in (try? lines.withLock { try $0.append(bytes) }) ?? [] {
                    guard let status = try? LineCoding.decode(AgentStatus.self, from: line) else { continue }
                    self?.hear(Heard(node: node, status: status))
                }
            },
            onExit: { [weak self] in self?.hear(Heard(node: node, exit: $0)) })
        // Before anybody can tell it anything: the specification is the first line.
        process.write(try LineCoding.encode(self.spec(node)))
        self.agents.withLock { $0[node] = process }
        if tells, node > 0, let port = self.port.withLock({ $0 }) { self.tell(node, port) }
    }

    static func agent() throws -> String {
        var folder = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") }
        if let bundle { folder = URL(filePath: bundle).deletingLastPathComponent() }
        while folder.path != "/" {
            let path = folder.appending(path: "muster-agent").path
            if FileManager.default.isExecutableFile(atPath: path) { return path }
            folder.deleteLastPathComponent()
        }
        throw HarnessError(description: "muster-agent was not built")
    }

    private func tell(_ node: Int, _ port: Int) {
        self.send(.control(address: self.spec(0).address, port: port), to: node)
    }

    func send(_ command: AgentCommand, to node: Int) {
        guard let line = try? LineCoding.encode(command) else { return }
        self.agents.withLock { $0[node] }?.write(line)
    }

    /// Gives an agent that stays another attempt: a `NodeSpec`, or a `NextAttempt`.
    func send(_ next: some Encodable, to node: Int) throws {
        let line = try LineCoding.encode(next)
        self.agents.withLock { $0[node] }?.write(line)
    }

    /// Waits until an agent has said so often that it is ready.
    func ready(_ node: Int, times: Int) async throws {
        _ = try await self.wait { $0.filter { $0.node == node && $0.status == .ready }.count >= times ? true : nil }
    }

    func closeInput(_ node: Int) { self.agents.withLock { $0[node] }?.closeInput() }
    /// Signals the node's agent; a signal that stops or continues goes to its keeper too, and reaches both before anything of
    /// the kind is looked for.
    func signal(_ node: Int, _ signal: CInt) {
        guard let keeper = self.agents.withLock({ $0[node] }) else { return }
        keeper.signal(signal)
        guard signal == SIGSTOP || signal == SIGCONT, let agent = self.agent(node) else { return }
        kill(agent, signal)
    }

    /// The agent itself, below its keeper.
    func agent(_ node: Int) -> Int32? {
        self.agents.withLock { $0[node] }.flatMap { ProcessTree.descendants(of: $0.pid).first }
    }

    // MARK: Hearing

    private func hear(_ heard: Heard) {
        if case .listening(let port)? = heard.status {
            self.port.withLock { $0 = port }
            for node in self.agents.withLock({ Array($0.keys) }) where node > 0 { self.tell(node, port) }
        }
        self.heard.withLock { $0.append(heard) }
        for waiter in self.waiters.withLock({ $0 }) { waiter() }
    }

    /// Waits until something that was heard gives a value.
    func wait<Value: Sendable>(for value: @escaping @Sendable ([Heard]) -> Value?) async throws -> Value {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        self.waiters.withLock { $0.append { continuation.yield() } }
        continuation.yield()
        for await _ in stream {
            if let found = value(self.heard.withLock { $0 }) { return found }
        }
        throw CancellationError()
    }

    func report() async throws -> GangReport {
        try await self.wait { heard in
            for item in heard {
                if case .finished(let report)? = item.status { return report }
                guard case .reported(let path)? = item.status, let data = FileManager.default.contents(atPath: path)
                else { continue }
                return try? LineCoding.decode(GangReport.self, from: data)
            }
            return nil
        }
    }

    func started(_ node: Int) async throws {
        _ = try await self.wait { $0.contains { $0.status == .started(node: node) } ? true : nil }
    }

    func exit(_ node: Int) async throws -> MusterProcess.ExitStatus {
        try await self.wait { $0.first { $0.node == node && $0.exit != nil }?.exit }
    }

    func exits() async throws -> [MusterProcess.ExitStatus] {
        var exits: [MusterProcess.ExitStatus] = []
        for node in self.agents.withLock({ $0.keys.sorted() }) { exits.append(try await self.exit(node)) }
        return exits
    }

    func listeningPort() async throws -> Int {
        try await self.wait { [self] _ in self.port.withLock { $0 } }
    }

    /// The records of a node's log; nothing when nothing was written.
    func text(_ node: Int) -> String {
        let path = StoreLayout(root: "\(self.root)/store").logFile(self.attempt, node: node)
        return String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
    }

    /// The process ids of a node.
    func processes(_ node: Int) -> [Int32] {
        ProcessTree.marked(
            variable: NodeEnvironment.scope, value: NodeEnvironment.scopeValue(attempt: self.attempt, index: node))
    }

    /// Nothing of the attempt may be left: no process, no scratch folder.
    func expectNothingLeft(sourceLocation: Testing.SourceLocation = #_sourceLocation) {
        let left = ProcessTree.marked(variable: NodeEnvironment.scope, value: self.attempt.folder)
        #expect(left.isEmpty, "processes are left", sourceLocation: sourceLocation)
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: self.root)) ?? []
        #expect(
            folders.filter { $0.hasPrefix("n") }.isEmpty, "scratch folders are left", sourceLocation: sourceLocation)
    }

    var reportFileExists: Bool {
        FileManager.default.fileExists(atPath: StoreLayout(root: "\(self.root)/store").reportFile(self.attempt))
    }

    deinit {
        for process in self.agents.withLock({ $0.values }) { process.signal(SIGKILL) }
        try? FileManager.default.removeItem(atPath: self.root)
    }
}

struct HarnessError: Error, CustomStringConvertible { let description: String }
