import Foundation
import MusterMetadata
package import MusterModel
import MusterStore

/// The run that `resume` continues: an interrupted run itself, or a successor of one that has ended.
package enum Resumption: Sendable {
    case same(RunRecord)
    case successor(RunRecord, origin: OriginRun)

    package var record: RunRecord {
        switch self {
        case .same(let record), .successor(let record, _): record
        }
    }

    package var origin: OriginRun? {
        if case .successor(_, let origin) = self { origin } else { nil }
    }
}

extension RunPreparation {
    /// Finds the run to resume and prepares it. The code is packaged anew: people resume after they mended something.
    /// - Parameters:
    ///   - run: The run to take up; nil takes the flow's newest.
    ///   - step: The step to run again with everything downstream; a run that is over always gets a successor then.
    ///   - name: The id of the successor, which the run gets in any case then; nil makes one where one is needed.
    /// - Throws: ``EngineError`` with code ``EngineError/Code/missing`` when there is nothing to resume, and with
    ///   ``EngineError/Code/busy`` when an engine moves the run at this moment.
    package func resume(
        _ manifest: FlowManifest, program: [String], run: String?, from step: String?, user: String,
        workFolder: String? = nil, capacity: MachineCapacity?, label: RunLabel = RunLabel(), name: String? = nil
    ) async throws -> Resumption {
        let record = try await self.find(manifest.name, run)
        // Whoever takes the lease of a bucket waits until it is clear whether its engine lives.
        if let holder = RunLock.holderInFolder(path: self.layout.runLock(flow: record.flow, run: record.run)) {
            throw EngineError(
                code: .busy,
                message:
                    "the run \(record.key) is still being moved by \(holder); `muster cancel \(record.key)` ends it")
        }
        if let step, manifest.step(step) == nil {
            throw EngineError(code: .missing, message: "the flow \(manifest.name) has no step \(step)")
        }
        guard record.verdict != nil || step != nil || name != nil else {
            return .same(try self.unchanged(record, manifest))
        }
        return try await self.successor(
            of: record, manifest, program: program, from: step, user: user, workFolder: workFolder, capacity: capacity,
            label: label, name: name)
    }

    private func find(_ flow: String, _ run: String?) async throws -> RunRecord {
        if let run {
            guard let record = try await self.metadata.record(of: RunKey(flow: flow, run: run)) else {
                throw EngineError(
                    code: .missing,
                    message: "there is no run \(flow)/\(run) in \(self.layout.root); `muster list` shows what there is")
            }
            return record
        }
        guard let newest = try await self.metadata.records(flow: flow, limit: 1).first else {
            throw EngineError(code: .missing, message: "there is no run of \(flow) in \(self.layout.root) to resume")
        }
        return newest
    }

    /// An interrupted run continues with its events, so the flow must have the graph that made them.
    private func unchanged(_ record: RunRecord, _ manifest: FlowManifest) throws -> RunRecord {
        let graph = { (manifest: FlowManifest) in
            manifest.steps.map { "\($0.name) \($0.edges) \(String(describing: $0.join))" }
        }
        guard graph(record.manifest) == graph(manifest) else {
            throw EngineError(
                code: .flow,
                message:
                    "the graph of \(record.flow) has changed since the run \(record.run) was interrupted; name the step to resume from, which makes a new run"
            )
        }
        // The values of environment variables are read from the flow at each start and not stored.
        var record = record
        for index in record.manifest.steps.indices {
            let step = manifest.step(record.manifest.steps[index].name)
            record.manifest.steps[index].settings.environment = step?.settings.environment ?? [:]
        }
        return record
    }

    private func successor(
        of record: RunRecord, _ manifest: FlowManifest, program: [String], from step: String?, user: String,
        workFolder: String?, capacity: MachineCapacity?, label: RunLabel, name: String?
    ) async throws -> Resumption {
        var machine = RunStateMachine(manifest: record.manifest)
        do {
            for event in try await self.metadata.events(of: record.key) { _ = try machine.handle(event.event) }
        } catch let error as IllegalRunEvent {
            throw EngineError(
                code: .events, message: "the events of the run \(record.key) do not fit its flow: \(error)")
        }
        let new = try await self.newRun(
            of: manifest, program: program, parameters: record.parameters, user: user, workFolder: workFolder,
            capacity: capacity, origin: record.run, label: label, name: name)
        // A prune that removes the origin sees the new run from here on, or has removed the origin before.
        guard try await self.metadata.holds(record.key) else {
            _ = try await self.metadata.remove([new.key])
            throw EngineError(
                code: .missing, message: "the run \(record.key) was removed from the store while it was to be resumed")
        }
        return .successor(new, origin: OriginRun(run: record.run, machine: machine, rerunFrom: step))
    }
}
