import ArgumentParser
import MusterHistory
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem

/// `muster logs`
struct LogsVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "Print what the processes of a run, a step, a task or a node wrote.",
        discussion: """
            One log comes byte for byte. Several are printed as lines, each with step/task[node] in front. \
            A task that a run took over shows the log of the run it comes from.
            """)

    @Argument(
        help: "Flow/run, Flow/run/step, Flow/run/step/task or Flow/run/step/task-node-2; the run may be called latest.")
    var pathspec: String
    @Option(name: .long, help: "Only this node of each gang.") var node: Int?
    @Option(name: .long, help: "This attempt, counted from 0. (default: the last)") var attempt: Int?
    @Flag(name: .long, help: "Go on until the run is over.") var follow = false
    @Flag(name: .long, help: "Print each line's time.") var timestamps = false
    @Flag(name: .long, help: "Only standard output.") var stdout = false
    @Flag(name: .long, help: "Only standard error.") var stderr = false
    @Flag(name: .long, help: "Also what the cluster's own processes wrote: how Ray started, and the like.")
    var cluster = false
    @Flag(name: .long, help: "What the agents did, instead of what the processes wrote; see the setting log.level.")
    var agent = false
    @Flag(name: .long, help: "Print JSON, one object a line.") var json = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard !(self.stdout && self.stderr) else {
            throw ValidationError("--stdout and --stderr exclude each other; both is the default")
        }
        guard !(self.agent && (self.stdout || self.stderr || self.cluster)) else {
            throw ValidationError("--agent excludes --stdout, --stderr and --cluster")
        }
        guard self.node ?? 0 >= 0 else {
            throw ValidationError("--node is \(self.node ?? 0); nodes are counted from 0")
        }
        guard self.attempt ?? 0 >= 0 else {
            throw ValidationError("--attempt is \(self.attempt ?? 0); attempts are counted from 0")
        }
    }

    func run() async throws {
        let pathspec = try RunFinder.pathspec(self.pathspec)
        let store = try self.store.existing(self.flow)
        let record = try await store.finder.record(of: pathspec)
        if self.follow {
            try await self.follow(record, pathspec, store)
        } else {
            try await self.print(record, pathspec, store)
        }
    }

    private func print(_ record: RunRecord, _ pathspec: Pathspec, _ store: OpenedStore)
        async throws
    {
        let tasks = try await self.sources(record, pathspec, store)
        let sources = tasks.flatMap { $0 }
        guard !sources.isEmpty else {
            try await self.noteQueues(record, pathspec, store)
            StandardStream.error.line("\(self.pathspec) has written nothing\(self.node.map { " on node \($0)" } ?? "")")
            return
        }
        var printer = self.printer(isSingle: sources.count == 1)
        _ = try printer.print(tasks, isFinal: true)
    }

    private func follow(_ record: RunRecord, _ pathspec: Pathspec, _ store: OpenedStore)
        async throws
    {
        let changes = try FolderChanges(
            root: store.layout.runFolder(flow: record.flow, run: record.run),
            lock: store.layout.runLock(flow: record.flow, run: record.run), reactor: ProcessReactor(),
            looksItself: store.bucket != nil || record.manifest.steps.contains { $0.settings.place != nil }
                || FileSystemKind(of: store.layout.root).isNetwork)
        var printer = self.printer(isSingle: pathspec.task.map { $0.contains("-node-") || self.node != nil } ?? false)
        let first = try await self.sources(record, pathspec, store)
        if first.allSatisfy(\.isEmpty) { try await self.noteQueues(record, pathspec, store) }
        guard try printer.print(first, isFinal: false) else { return }
        var looked = Uptime.now()
        for await change in changes.changes {
            let isFinal = change == .ended
            if !isFinal, store.bucket != nil, Uptime.now() - looked < store.lookInterval { continue }
            looked = Uptime.now()
            let sources = try await self.sources(record, pathspec, store)
            guard try printer.print(sources, isFinal: isFinal), !isFinal else { return }
        }
    }

    /// Says why nothing is there of tasks whose jobs wait.
    private func noteQueues(
        _ record: RunRecord, _ pathspec: Pathspec, _ store: OpenedStore
    ) async throws {
        let state = try await store.state(of: record)
        for task in try RunFinder.tasks(pathspec, in: state).tasks {
            guard case .running = task.status, let line = GangView(of: task, in: state, store.layout)?.line else {
                continue
            }
            StandardStream.error.line("\(task.step)/\(task.number) \(line)")
        }
    }

    /// Per task, its logs.
    private func sources(
        _ record: RunRecord, _ pathspec: Pathspec, _ store: OpenedStore
    ) async throws -> [[LogSource]] {
        let state = try await store.state(of: record)
        let (tasks, named) = try RunFinder.tasks(pathspec, in: state)
        let node = self.node ?? named
        try self.check(node, in: tasks)
        var search = LogSearch(layout: store.layout, node: node, attempt: self.attempt, isOfAgents: self.agent)
        var sources: [[LogSource]] = []
        for place in try await store.places(of: tasks, in: state, where: { $0.isLog }) {
            sources.append(try search.sources(of: place))
        }
        return sources
    }

    /// A node that has written nothing has an empty log; one that there is not is an error.
    private func check(_ node: Int?, in tasks: [RunTask]) throws {
        guard let node, let most = tasks.map(\.size).max(), node >= most else { return }
        let range = most == 1 ? "it has node 0 alone" : "its nodes are 0 to \(most - 1)"
        throw CommandFailure(.notFound, "\(self.pathspec) has no node \(node); \(range)")
    }

    private func printer(isSingle: Bool) -> LogPrinter {
        let stream: ProcessStream? = self.stdout ? .standardOutput : self.stderr ? .standardError : nil
        let style: LogPrinter.Style =
            self.json
            ? .json
            : isSingle && !self.timestamps && !self.agent
                ? .bytes
                : .lines(attributed: !isSingle, timestamps: self.timestamps || self.agent)
        return LogPrinter(style: style, stream: stream, showsCluster: self.cluster)
    }
}
