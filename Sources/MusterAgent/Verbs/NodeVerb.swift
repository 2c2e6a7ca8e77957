import CMusterPlatform
import Dispatch
import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem
import MusterWire

/// `muster-agent node --order ORDER`: one node of a gang elsewhere. A scheduler starts this command once on each node; which
/// node it is stands in the environment, everything else in the store.
///
/// A job of one node may be given further attempts (``JobReuse``). The program then executes itself anew, as
/// `muster-agent next --order ORDER` and with the environment and signals that the job started it with: the next attempt
/// finds what it would find in a job of its own.
enum NodeVerb {
    /// How the command leaves: schedulers show it.
    enum Exit: CInt {
        case succeeded = 0
        /// The attempt failed and the report says why, or this node lost its gang.
        case failed = 1
        /// The order is missing or wrong, or the environment does not say which node this is.
        case usage = 2
        /// The attempt was stopped, or belongs to another start of the job.
        case stopped = 3
    }

    /// The variable with the folder that the agent was fetched into, which it removes when it ends.
    private static let agentFolder = "MUSTER_AGENT_FOLDER"
    /// The variable with the path of the gang's key, at a place that hands it out by itself.
    private static let keyFile = "MUSTER_KEY_FILE"
    /// The variable that has the agent print what its step prints.
    private static let echo = "MUSTER_ECHO"
    /// Seconds after which a control node that still lives has reported.
    private static let survival = 2.0

    /// - Parameter isFirstOfJob: False when the job has run other attempts before.
    static func run(_ arguments: [String], environment: [String: String], isFirstOfJob: Bool) async -> CInt {
        guard arguments.count == 2, arguments[0] == "--order" else {
            AgentErrors.print("usage: muster-agent node --order ORDER; a scheduler runs it on every node of a gang")
            return Exit.usage.rawValue
        }
        defer { self.removeAgent(environment) }
        do {
            let store = try NodeStore(order: arguments[1], environment: environment)
            defer { store.bucket?.leave() }
            let order = try await store.order()
            var scheduler = try SchedulerPlace.detect(environment)
            // It counts from the start of the job's first attempt: this one may have less time than it asks for.
            if !isFirstOfJob { scheduler.end = nil }
            let exit = try await self.run(order, store, scheduler, environment)
            if exit == .succeeded, let seconds = order.reuseWait { await self.goOn(after: store.folder, seconds) }
            return exit.rawValue
        } catch {
            AgentErrors.print("\(error)")
            return Exit.usage.rawValue
        }
    }

    /// Executes the program anew for the job's next attempt; returns when there is none.
    private static func goOn(after folder: AttemptFolder, _ seconds: Double) async {
        // A job that is cancelled while no attempt of it runs ends at once.
        muster_restore_inherited()
        do {
            guard let next = try await JobReuse.wait(in: folder, seconds: seconds) else { return }
            throw AgentProgram.execute([AgentVerb.next.rawValue, "--order", next])
        } catch {
            AgentErrors.print("the job takes no further attempt: \(error)")
        }
    }

    private static func run(
        _ order: GangOrder, _ store: NodeStore, _ scheduler: SchedulerPlace, _ environment: [String: String]
    ) async throws -> Exit {
        guard let key = try await self.key(environment, store).flatMap(GangKey.init) else {
            throw AgentError("the attempt has no key at \(store.folder.path(.key)); its engine has ended it")
        }
        guard try await store.owns(scheduler, until: order.rendezvousDeadline) else {
            AgentErrors.print("the attempt \(order.attempt) belongs to another start of its job; this one leaves")
            return .stopped
        }
        let local: GangOrder
        do {
            local = try await store.localized(order)
        } catch {
            // Nobody else would say why the node never came.
            await self.report(
                TaskFailure(
                    code: .environment, message: "\(error) (on \(self.hostName()), before the step)",
                    node: scheduler.index), in: store)
            return .failed
        }
        let temporary = try TemporaryFolder.make(environment["TMPDIR"])
        defer { self.remove(temporary) }
        var place = NodePlace(
            scheduler: scheduler,
            addresses: scheduler.address.map { [$0] } ?? NodeAddresses.current(network: order.network),
            environment: NodePlace.scrubbed(environment), processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            temporary: temporary)
        place.echoes = environment[self.echo] == "1"
        return try await self.run(local, store, place, key)
    }

    /// The key as the place hands it out, or else as it is in the store.
    private static func key(_ environment: [String: String], _ store: NodeStore) async throws -> Data? {
        if let path = environment[self.keyFile], let bytes = FileContents.read(path, limit: 1 << 10) {
            return Data(bytes)
        }
        return try await store.read(.key)
    }

    /// Runs the agent, with the link in the engine's place.
    private static func run(
        _ order: GangOrder, _ store: NodeStore, _ place: NodePlace, _ key: GangKey
    ) async throws -> Exit {
        ProcessTree.becomeSubreaper()
        let reactor = try ProcessReactor()
        let bucket = store.bucket
        let link = try StoreLink(folder: store.folder, place: place, reactor: reactor) { bucket?.wake() }
        let scratch = store.folder.scratch(node: place.scheduler.index)
        try link.begin(NodeSpec(order, at: place, scratch: scratch, key: key))
        let exit = try await self.following(store, place.scheduler) {
            try await Agent.run(input: link.agentInput, output: link.agentOutput, on: reactor, bucket: bucket)
        }
        let outcome = await link.end()
        // The agent removes it; what a program has put there since is removed now.
        self.remove(scratch)
        if exit == .lost, let reason = link.lostControl {
            try await Task.sleep(for: .seconds(self.survival))
            await self.report(TaskFailure(code: .lost, message: reason, node: 0), in: store)
        }
        do {
            try await store.bucket?.flush()
        } catch {
            AgentErrors.print("what this node has to tell cannot be stored: \(error)")
            return .failed
        }
        switch (exit, outcome) {
        case (.usage, _): return .usage
        case (.lost, _), (_, .failed?): return .failed
        case (_, .stopped?): return .stopped
        // A worker of a gang that failed has done its part: node 0 alone tells the scheduler, so that the scheduler does
        // not end node 0 before it has reported.
        case (.done, .succeeded?), (.done, nil): return .succeeded
        }
    }

    /// Runs `body` while what the node needs is brought from the bucket, where there is one, and what it makes taken there.
    private static func following(
        _ store: NodeStore, _ place: SchedulerPlace, _ body: @escaping @Sendable () async throws -> Agent.Exit
    ) async throws -> Agent.Exit {
        guard let bucket = store.bucket else { return try await body() }
        return try await withThrowingTaskGroup(of: Agent.Exit?.self) { group in
            group.addTask {
                await bucket.follow(index: place.index, incarnation: place.incarnation)
                return nil
            }
            group.addTask { try await body() }
            var exit = Agent.Exit.lost
            while let ended = try await group.next() {
                guard let ended else { continue }
                exit = ended
                group.cancelAll()
            }
            return exit
        }
    }

    /// Writes the report where there is none. In the place of a control node that is gone with its machine nothing of this
    /// node runs any more, and one that lives has had the time to write its own, which stays.
    private static func report(_ failure: TaskFailure, in store: NodeStore) async {
        let report = GangReport(failure: failure, nodes: [], started: 0, finished: 0)
        do {
            _ = try await store.create(report, as: .report)
        } catch {
            AgentErrors.print("the failure cannot be reported: \(failure.message): \(error)")
        }
    }

    private static func remove(_ folder: String) {
        if let problem = FolderRemoval.remove(folder) { AgentErrors.print(problem) }
    }

    /// Removes the program that was fetched for this job.
    private static func removeAgent(_ environment: [String: String]) {
        guard let folder = environment[self.agentFolder], AgentProgram.path.hasPrefix("\(folder)/") else { return }
        self.remove(folder)
    }

    static func hostName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, gethostname(start, buffer.count) == 0 else { return "" }
            buffer[255] = 0
            return String(cString: start)
        }
    }
}
