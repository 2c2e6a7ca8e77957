import Foundation
import MusterBackends
import MusterMetadata
import MusterModel
import MusterStore
import MusterWire

/// Taking a run up where its events stop.
extension RunEngine {
    /// Ends a run without an engine: reads the reports of gangs that had ended, stops the others, and stores the run as
    /// cancelled. The caller holds the run's lock.
    /// - Throws: As ``run()``.
    package func end(reason: String) async throws {
        self.listen()
        try await self.takeUp()
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await self.beginCancelling(reason: reason)
            self.startBackgroundJobs(in: &group)
            while self.verdict == nil {
                try await self.process(await self.inbox.next())
                self.startBackgroundJobs(in: &group)
            }
            group.cancelAll()
        }
        await self.runners.rest()
    }

    /// Replays the run's events, or appends the first one, and settles what had been started.
    func takeUp() async throws {
        let events = try await self.metadata.events(of: self.record.key)
        self.observe(
            .runStarted(
                run: RunSummary(
                    flow: self.record.flow, run: self.record.run, originRun: self.record.originRun,
                    steps: self.record.manifest.steps.map(\.name), store: self.layout.root)))
        guard !events.isEmpty else {
            return try self.apply([.started])
        }
        self.storedCount = events.count
        try self.replay(events.map(\.event))
        if case .over = self.machine.phase {
            throw EngineError(
                code: .missing, message: "the run \(self.record.key) is over; resume makes a new run from it")
        }
        self.log.tookUp(
            events: events.count, running: self.machine.running.count, ready: self.machine.ready.count)
        try await self.settle()
    }

    private func replay(_ events: [RunEvent]) throws {
        do {
            for event in events {
                _ = try self.machine.handle(event)
                if case .cloned(let task, _, let from, _) = event { self.clones[task] = from }
            }
        } catch {
            throw EngineError(
                code: .events, message: "the events of the run \(self.record.key) do not fit its flow: \(error)")
        }
        for task in self.machine.ready {
            if case .ready(let attempt) = task.status {
                self.queue.append(ReadyQueue.Entry(task: task.number, attempt: attempt))
            }
        }
    }

    /// Decides the attempts that ran when the engine died: they live at their place, have written a report, or were
    /// interrupted.
    private func settle() async throws {
        let alive = try await self.takeOverGangs()
        for task in self.machine.running {
            guard case .running(let number) = task.status else { continue }
            let attempt = self.attemptID(task, number)
            if alive.contains(attempt) {
                self.log.settled(attempt, "its gang lives on")
                self.observe(.attemptStarted(attempt: attempt, nodes: task.size))
            } else if let report = self.report(of: attempt) {
                self.log.settled(attempt, "its gang has ended and left a report")
                self.inbox.post(.observed(GangObservation(attempt: attempt, event: .finished(report))))
            } else {
                self.log.settled(attempt, "it was interrupted, which counts against no retry")
                try await self.commit([.attemptInterrupted(task: task.number, attempt: number)])
            }
        }
        try await self.commit([])
    }

    /// Every place is asked, also one where nothing was started: it clears away what else is there of the run.
    private func takeOverGangs() async throws -> Set<AttemptID> {
        var gangs: [String: [StartedGang]] = [:]
        for task in self.machine.running {
            guard case .running(let number) = task.status else { continue }
            try await self.courier?.fetch(self.missing(for: task))
            let runner = self.runner(of: task)
            // To take it for interrupted would run its bodies twice.
            if let job = task.job, runner.capabilities.capacity != nil {
                let place = self.record.manifest.step(task.step)?.settings.place?.name ?? "another place"
                throw EngineError(
                    code: .refused,
                    message:
                        "task \(task.step)/\(task.number) runs as job \(job) of \(place), whose commands are not found here; go on with the run where they are on the PATH"
                )
            }
            if task.job == nil { await self.makePython(for: task.step, at: runner) }
            let demand = ResourceDemand(self.record.manifest.step(task.step)?.settings ?? StepSettings())
            let spec = try self.spec(task, self.attemptID(task, number), demand.allotments(nodes: task.size))
            gangs[runner.name, default: []].append(StartedGang(spec: spec, job: task.job))
        }
        var alive: Set<AttemptID> = []
        // This machine last: it clears away what belongs to no living gang.
        for runner in self.runners.all.reversed() {
            alive.formUnion(
                await runner.takeOver(
                    gangs[runner.name] ?? [], flow: self.record.flow, run: self.record.run, beside: alive))
        }
        await self.clearObjects(but: alive)
        return alive
    }

    /// A gang of a place with a queue may have to be submitted again, and then needs what its nodes have to know.
    private func makePython(for name: String, at runner: any GangRunner) async {
        guard let step = self.record.manifest.step(name), let python = step.settings.python,
            runner.capabilities.capacity == nil, self.pythons[name] == nil
        else { return }
        do {
            self.pythons[name] = try await self.environments.python(
                for: python, isCarried: !runner.capabilities.seesFolder
            ) { self.observe(.environment(step: name, message: $0)) }
        } catch {
            // A run that is ended submits nothing.
            self.observe(.warning("the Python environment of step \(name) is missing: \(error)"))
        }
    }

    /// Removes what ended attempts at places with a queue have left: their engine was killed while their jobs were leaving.
    private func clearObjects(but alive: Set<AttemptID>) async {
        let kept = Set(alive.map(self.layout.attemptPrefix))
        let folder = self.layout.runFolder(flow: self.record.flow, run: self.record.run)
        for attempt in AttemptFolder.left(in: folder) where !kept.contains(attempt.prefix) {
            for problem in attempt.removeTransient() { self.observe(.warning(problem)) }
        }
        do {
            try await self.attempts?.clear(but: alive)
        } catch {
            self.observe(.warning("objects of attempts that are over could not be removed from the bucket: \(error)"))
        }
    }

    private func report(of attempt: AttemptID) -> GangReport? {
        guard let data = FileManager.default.contents(atPath: self.layout.reportFile(attempt)) else { return nil }
        return try? JSONDecoder().decode(GangReport.self, from: data)
    }
}
