import Foundation
import MusterBackends
import MusterMetadata
import MusterModel
import MusterStore

/// Taking a run up where its events stop.
extension RunEngine {
    /// Ends a run that no engine moves any more: takes account of what had ended when its engine died, ends what is left of
    /// it, and stores it as cancelled. The caller holds the run's lock.
    /// - Throws: As ``run()``.
    package func end(reason: String) async throws {
        let inputs = try await self.takeUp()
        try await self.beginCancelling(reason: reason)
        if self.verdict == nil { try await self.process(inputs) }
    }

    /// Replays the run's events, or appends the first one. Returns what has to be taken account of at once.
    func takeUp() async throws -> [EngineInput] {
        let events = try await self.metadata.events(of: self.record.key)
        self.observe(
            .runStarted(
                run: RunSummary(
                    flow: self.record.flow, run: self.record.run, originRun: self.record.originRun,
                    steps: self.record.manifest.steps.map(\.name), store: self.layout.root)))
        guard !events.isEmpty else {
            try self.apply([.started])
            return []
        }
        try self.replay(events.map(\.event))
        if case .over = self.machine.phase {
            throw EngineError(
                code: .missing, message: "the run \(self.record.key) is over; resume makes a new run from it")
        }
        return try await self.settle()
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

    /// Finds out what became of the attempts that ran when the engine died.
    private func settle() async throws -> [EngineInput] {
        await self.backend.clearAway(flow: self.record.flow, run: self.record.run)
        var inputs: [EngineInput] = []
        for task in self.machine.running {
            guard case .running(let number) = task.status else { continue }
            let attempt = self.attemptID(task, number)
            if let report = self.report(of: attempt) {
                inputs.append(.observed(GangObservation(attempt: attempt, event: .finished(report))))
            } else {
                try await self.commit([.attemptInterrupted(task: task.number, attempt: number)])
            }
        }
        try await self.commit([])
        return inputs
    }

    private func report(of attempt: AttemptID) -> GangReport? {
        guard let data = FileManager.default.contents(atPath: self.layout.reportFile(attempt)) else { return nil }
        return try? JSONDecoder().decode(GangReport.self, from: data)
    }
}
