import CMusterPlatform
import Dispatch
import FoundationEssentials
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem
import MusterWire

/// `muster-agent node --order FILE`: one node of a gang elsewhere. A scheduler starts this command once on each node; which
/// node it is stands in the environment, everything else in the store.
///
/// A job of one node may be given further attempts (``JobReuse``). The program then executes itself anew, as
/// `muster-agent next --order FILE` and with the environment and signals that the job started it with: the next attempt
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

    /// Seconds that a file system may take to show an object that was written before the job was submitted.
    private static let visibility = 60.0
    /// Seconds after which a control node that still lives has reported.
    private static let survival = 2.0

    /// - Parameter isFirstOfJob: False when the job has run other attempts before.
    static func run(_ arguments: [String], environment: [String: String], isFirstOfJob: Bool) async -> CInt {
        guard arguments.count == 2, arguments[0] == "--order" else {
            AgentErrors.print("usage: muster-agent node --order FILE; a scheduler runs it on every node of a gang")
            return Exit.usage.rawValue
        }
        do {
            let folder = try self.folder(ofOrder: arguments[1])
            let order = try await self.order(in: folder)
            var scheduler = try SchedulerPlace.detect(environment)
            // It counts from the start of the job's first attempt: this one may have less time than it asks for.
            if !isFirstOfJob { scheduler.end = nil }
            let exit = try await self.run(order, folder, scheduler, environment)
            if exit == .succeeded, let seconds = order.reuseWait { await self.goOn(after: folder, seconds) }
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

    static func folder(ofOrder file: String) throws(AgentError) -> AttemptFolder {
        guard file.hasPrefix("/"), file.hasSuffix(AttemptObject.order.name) else {
            throw AgentError("'\(file)' is not the absolute path of an attempt's order")
        }
        return AttemptFolder(prefix: String(file.dropLast(AttemptObject.order.name.count)))
    }

    private static func run(
        _ order: GangOrder, _ folder: AttemptFolder, _ scheduler: SchedulerPlace, _ environment: [String: String]
    ) async throws -> Exit {
        guard let key = try folder.read(.key).flatMap(GangKey.init) else {
            throw AgentError("the attempt has no key at \(folder.path(.key)); its engine has ended it")
        }
        guard try await self.owns(folder, scheduler, until: order.rendezvousDeadline) else {
            AgentErrors.print("the attempt \(order.attempt) belongs to another start of its job; this one leaves")
            return .stopped
        }
        let temporary = try TemporaryFolder.make(environment["TMPDIR"])
        defer { self.remove(temporary) }
        let place = NodePlace(
            scheduler: scheduler,
            addresses: scheduler.address.map { [$0] } ?? NodeAddresses.current(network: order.network),
            environment: NodePlace.scrubbed(environment), processors: max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))),
            temporary: temporary)
        return try await self.run(order, folder, place, key)
    }

    /// Runs the agent, with the link in the engine's place.
    private static func run(
        _ order: GangOrder, _ folder: AttemptFolder, _ place: NodePlace, _ key: GangKey
    ) async throws -> Exit {
        ProcessTree.becomeSubreaper()
        let reactor = try ProcessReactor()
        let link = try StoreLink(folder: folder, place: place, reactor: reactor)
        let scratch = folder.scratch(node: place.scheduler.index)
        try link.begin(NodeSpec(order, at: place, scratch: scratch, key: key))
        let exit = try await Agent.run(input: link.agentInput, output: link.agentOutput, on: reactor)
        let outcome = await link.end()
        // The agent removes it; what a program has put there since is removed now.
        self.remove(scratch)
        if exit == .lost, let reason = link.lostControl { await self.report(reason, in: folder) }
        switch (exit, outcome) {
        case (.usage, _): return .usage
        case (.lost, _), (_, .failed?): return .failed
        case (_, .stopped?): return .stopped
        // A worker of a gang that failed has done its part: node 0 alone tells the scheduler, so that the scheduler does
        // not end node 0 before it has reported.
        case (.done, .succeeded?), (.done, nil): return .succeeded
        }
    }

    /// Writes the report in the place of a control node that is gone with its machine; nothing of this node runs any more.
    /// One that lives has had the time to write its own, which stays.
    private static func report(_ reason: String, in folder: AttemptFolder) async {
        let failure = TaskFailure(code: .lost, message: reason, node: 0)
        let report = GangReport(failure: failure, nodes: [], started: 0, finished: 0)
        do {
            try await Task.sleep(for: .seconds(self.survival))
            _ = try folder.create(LineCoding.encode(report), as: .report)
        } catch {
            AgentErrors.print("the loss of the control node cannot be reported: \(error)")
        }
    }

    private static func order(in folder: AttemptFolder) async throws -> GangOrder {
        let deadline = ContinuousClock.now + .seconds(self.visibility)
        while true {
            if let data = try folder.read(.order) {
                do {
                    return try LineCoding.decode(GangOrder.self, from: data)
                } catch {
                    throw AgentError("the order \(folder.path(.order)) cannot be understood: \(error)")
                }
            }
            guard ContinuousClock.now < deadline else {
                throw AgentError(
                    "there is no order at \(folder.path(.order)): this node does not see the store, or the attempt is over"
                )
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Claims the attempt for this start of the job (node 0), or waits for the claim (the others).
    /// - Returns: False when another start of the job has claimed it.
    static func owns(
        _ folder: AttemptFolder, _ place: SchedulerPlace, until seconds: Double
    ) async throws -> Bool {
        if place.index == 0 {
            let claim = AttemptClaim(incarnation: place.incarnation, host: self.hostName(), job: place.job)
            return try folder.create(LineCoding.encode(claim), as: .claim)
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            if let claim = try folder.value(AttemptClaim.self, of: .claim) {
                return claim.incarnation == place.incarnation
            }
            guard ContinuousClock.now < deadline else {
                throw AgentError("node 0 has not come within \(Int(seconds)) s")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func remove(_ folder: String) {
        if let problem = FolderRemoval.remove(folder) { AgentErrors.print(problem) }
    }

    static func hostName() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, gethostname(start, buffer.count) == 0 else { return "" }
            buffer[255] = 0
            return String(cString: start)
        }
    }
}
