import Foundation
import MusterBackends
import MusterModel
import MusterStore
import MusterWire

/// From ready tasks to submitted gangs.
extension RunEngine {
    /// Starts tasks that are ready: clones, and gangs that get their reservations. Events that have been applied are
    /// stored together with their starts.
    func startReady() async throws {
        while case .running = self.machine.phase {
            if try await self.cloneReady() { continue }
            let starts = try self.collectStarts()
            guard !starts.isEmpty else { break }
            try await self.commit(starts.flatMap(\.events))
            self.lookAtSource()
            for start in starts { try await self.launch(start) }
        }
        try await self.store()
    }

    /// A task that is taken from the queue: with its reservation, or refused.
    struct Start {
        let task: RunTask
        let attempt: Int
        var allotments: [NodeAllotment] = []
        var refusal: TaskFailure?

        var events: [RunEvent] {
            let started = RunEvent.attemptStarted(task: self.task.number, attempt: self.attempt)
            guard let refusal else { return [started] }
            return [
                started,
                .attemptFailed(task: self.task.number, attempt: self.attempt, failure: refusal, caught: nil),
            ]
        }
    }

    // MARK: - Clones

    /// Takes over ready tasks from the origin; answers whether there were any.
    func cloneReady() async throws -> Bool {
        guard let origin = self.origin else { return false }
        var events: [RunEvent] = []
        var counts: [(step: String, count: Int)] = []
        while let entry = self.queue.takeFirst(where: { $0.attempt == 0 && self.counterpart($0, origin) != nil }) {
            guard let twin = self.counterpart(entry, origin) else { break }
            self.clones[entry.task] = twin.number
            events.append(
                .cloned(task: entry.task, fromRun: origin.run, fromTask: twin.number, nodes: twin.results))
            if counts.last?.step == twin.step {
                counts[counts.count - 1].count += 1
            } else {
                counts.append((twin.step, 1))
            }
        }
        try await self.commit(events)
        for (step, count) in counts { self.observe(.tasksReused(step: step, count: count)) }
        return !events.isEmpty
    }

    private func counterpart(_ entry: ReadyQueue.Entry, _ origin: OriginRun) -> RunTask? {
        origin.counterpart(of: self.machine[entry.task], clones: self.clones)
    }

    // MARK: - Reservations

    /// The tasks that can start now, up to the first refusal, after which the run starts no more.
    private func collectStarts() throws -> [Start] {
        var starts: [Start] = []
        while starts.last?.refusal == nil {
            var start: Start?
            let taken = self.queue.takeFirst { entry in
                start = self.decide(entry)
                return start != nil || self.isParked(entry)
            }
            guard taken != nil else { break }
            if let start { starts.append(start) }
        }
        return starts
    }

    private func isParked(_ entry: ReadyQueue.Entry) -> Bool {
        self.waitingForEnvironment[self.machine[entry.task].step]?.contains(entry) ?? false
    }

    /// The start of a ready task; nil when it has to wait.
    private func decide(_ entry: ReadyQueue.Entry) -> Start? {
        let task = self.machine[entry.task]
        guard let step = self.record.manifest.step(task.step) else { return nil }
        if let python = step.settings.python, self.pythons[step.name] == nil {
            self.park(entry, step, python)
            return nil
        }
        let attempt = self.attemptID(task, entry.attempt)
        let place = self.runners[step.settings].name
        let demand = ResourceDemand(step.settings)
        guard let decision = self.reservations[place]?.reserve(attempt, sizes: task.sizes, demand) else {
            return Start(task: task, attempt: entry.attempt, allotments: demand.allotments(nodes: task.size))
        }
        switch decision {
        case .granted(let allotments, let isOversized):
            self.warn(step, size: allotments.count, isOversized)
            return Start(task: task, attempt: entry.attempt, allotments: allotments)
        case .wait:
            return nil
        case .never(let shortage):
            let failure = TaskFailure(
                code: .refused, message: shortage.refusal(of: step.name, in: self.record.manifest))
            return Start(task: task, attempt: entry.attempt, refusal: failure)
        }
    }

    /// Says once of each step what it asks for and does not get.
    private func warn(_ step: StepManifest, size: Int, _ isOversized: Bool) {
        guard let capacity = self.runners[step.settings].capabilities.capacity else { return }
        let demand = ResourceDemand(step.settings)
        let shortfall = demand.shortfall(nodes: size, of: capacity)
        guard isOversized || shortfall != nil, self.warnedSteps.insert(step.name).inserted else { return }
        if let shortfall { self.observe(.warning("step \(step.name) \(shortfall)")) }
        guard isOversized else { return }
        let wanted = demand.reserved(nodes: size, of: capacity) ?? Resources(cpu: 0, gpu: 0, memory: 0)
        let reason =
            size * wanted.cpu > capacity.cpus
            ? "asks for \(size * wanted.cpu) cpus, and this machine has \(capacity.cpus)"
            : wanted.memory > 0 && size > capacity.memory / wanted.memory
                ? "asks for \(ByteText.of(wanted.memory)) of memory\(size > 1 ? " on each of \(size) nodes" : ""), and this machine has \(ByteText.of(capacity.memory))"
                : "has \(size) nodes, more than --max-workers allows"
        self.observe(.warning("step \(step.name) \(reason): it runs alone"))
    }

    // MARK: - Environments

    private func park(_ entry: ReadyQueue.Entry, _ step: StepManifest, _ python: PythonRequirements) {
        let isFirst = self.waitingForEnvironment[step.name] == nil
        self.waitingForEnvironment[step.name, default: []].append(entry)
        guard isFirst else { return }
        let isCarried = !self.runners[step.settings].capabilities.seesFolder
        self.backgroundJobs.append(.environment(step: step.name, python, isCarried: isCarried))
    }

    /// Takes up the tasks that waited for the environment of `step`; without one, their attempts have failed.
    func environmentArrived(step: String, _ result: Result<StepPython, TaskFailure>) async throws {
        let entries = self.waitingForEnvironment.removeValue(forKey: step) ?? []
        switch result {
        case .success(let python):
            self.pythons[step] = python
            for entry in entries { self.queue.append(entry) }
        case .failure(let failure):
            guard case .running = self.machine.phase else { return }
            for entry in entries {
                guard case .running = self.machine.phase else { return }
                let task = self.machine[entry.task]
                try await self.commit([.attemptStarted(task: entry.task, attempt: entry.attempt)])
                let report = GangReport(failure: failure, nodes: [], started: 0, finished: 0)
                self.observe(.attemptStarted(attempt: self.attemptID(task, entry.attempt), nodes: task.size))
                try await self.commit(self.finish(self.attemptID(task, entry.attempt), report))
            }
        }
    }

    // MARK: - Launching

    /// Says once that the source is not what the run began with.
    func lookAtSource(isLast: Bool = false) {
        guard let warning = self.source?.look(isLast: isLast) else { return }
        self.observe(.warning(warning))
    }

    private func launch(_ start: Start) async throws {
        let attempt = self.attemptID(start.task, start.attempt)
        self.observe(.attemptStarted(attempt: attempt, nodes: max(1, start.allotments.count)))
        if let refusal = start.refusal {
            self.observe(.attemptFinished(attempt: attempt, failure: refusal, retryAfter: nil, caughtInto: nil))
            return
        }
        await self.submit(start)
    }

    private func submit(_ start: Start) async {
        let attempt = self.attemptID(start.task, start.attempt)
        do {
            let missing = try self.missing(for: start.task)
            guard missing.isEmpty else {
                self.fetching[start.task.number] = start
                self.backgroundJobs.append(.fetch(task: start.task.number, attempt: start.attempt, missing))
                return
            }
            let runner = self.runner(of: start.task)
            try await runner.start(self.spec(start.task, attempt, start.allotments))
        } catch {
            let failure = TaskFailure(
                code: (error as? BackendError)?.isTransient == false ? .refused : .lost,
                message: "the gang of \(attempt) could not be started: \(error)")
            self.end(attempt, with: failure)
        }
    }

    /// Artifacts of the bucket that the task needs and this machine does not have: first the lists of elements, which name
    /// others. Nodes that do not see this machine's folder fetch the rest by themselves.
    func missing(for task: RunTask) throws -> [ArtifactReference] {
        guard self.courier != nil else { return [] }
        let lists = task.scopes.filter(\.isForeach).compactMap { self.machine[$0.origin].results.first?.items }
        let missing = lists.filter { !self.artifacts.has($0) }
        guard missing.isEmpty, self.runner(of: task).capabilities.seesFolder else { return missing }
        let needed =
            try self.inputs(of: task).flatMap { Array($0.artifacts.values) }
            + self.foreach(of: task).compactMap(\.artifact) + self.record.fileReferences
        return needed.filter { !self.artifacts.has($0) }
    }

    /// Goes on with a gang whose artifacts have come.
    func fetched(_ task: Int, _ attempt: Int, _ problem: String?) async throws {
        guard let start = self.fetching.removeValue(forKey: task), start.attempt == attempt else { return }
        let id = self.attemptID(start.task, attempt)
        let failure =
            problem.map { TaskFailure(code: .store, message: "the gang of \(id) could not be started: \($0)") }
            ?? self.machine.cancellation
        guard let failure else { return await self.submit(start) }
        self.end(id, with: failure)
    }

    /// Ends an attempt of which no process was started.
    private func end(_ attempt: AttemptID, with failure: TaskFailure) {
        let report = GangReport(failure: failure, nodes: [], started: 0, finished: 0)
        self.inbox.post(.observed(GangObservation(attempt: attempt, event: .finished(report))))
    }

    func spec(_ task: RunTask, _ attempt: AttemptID, _ allotments: [NodeAllotment]) throws -> GangSpec {
        guard let step = self.record.manifest.step(task.step) else {
            throw EngineError(code: .events, message: "the flow has no step \(task.step)")
        }
        var gang = GangSpec(
            attempt: attempt, size: allotments.count, minimum: min(task.sizes.lowerBound, allotments.count), step: step,
            originRun: self.record.originRun, user: self.record.user,
            parameters: self.record.parameters, inputs: self.inputs(of: task), foreach: try self.foreach(of: task),
            python: self.python(for: step), program: self.program(for: step),
            serves: self.record.manifest.serves ?? false, store: self.layout.root,
            package: self.layout.packageFolder(self.record.package),
            inPlace: self.runners[step.settings].capabilities.runsInPlace ? self.source?.place : nil,
            environment: self.environment(of: step), allotments: allotments, tags: self.record.tags,
            namespace: self.record.namespace)
        gang.carried = self.pythons[step.name]?.carried
        return gang
    }

    /// The step's own variables, and the address of a store that is a bucket.
    private func environment(of step: StepManifest) -> [String: String] {
        guard let address = self.address else { return step.settings.environment }
        return step.settings.environment.merging([NodeEnvironment.storeAddress: "\(address)"]) { $1 }
    }

    /// The interpreter of everything in the step that is Python: its own, or the one that runs the flow.
    private func python(for step: StepManifest) -> String? {
        let runsFlow = self.record.manifest.language == "python" ? self.record.program.first : nil
        return self.pythons[step.name]?.interpreter ?? runsFlow
    }

    /// The flow program, for a body of this step: that of a Python flow runs on the step's own interpreter.
    private func program(for step: StepManifest) -> [String] {
        guard self.record.manifest.language == "python", let python = self.pythons[step.name]?.interpreter else {
            return self.record.program
        }
        return [python] + self.record.program.dropFirst()
    }

    /// The inputs of the task: every node of a gang is an input of its join.
    func inputs(of task: RunTask) -> [TaskInput] {
        task.parents.flatMap { number in
            let parent = self.machine[number]
            return parent.results.enumerated().map { node, result in
                TaskInput(
                    step: parent.step, taskID: TaskName(number: number, node: node).description,
                    artifacts: result.artifacts)
            }
        }
    }

    private func foreach(of task: RunTask) throws -> [ForeachFrame] {
        try task.scopes.filter(\.isForeach).map { scope in
            var frame = ForeachFrame(step: scope.step, index: scope.index, count: scope.count)
            switch try self.items.item(at: scope.index, of: self.machine[scope.origin], in: self.artifacts) {
            case .text(let text): frame.item = text
            case .artifact(let reference): frame.artifact = reference
            }
            return frame
        }
    }
}
