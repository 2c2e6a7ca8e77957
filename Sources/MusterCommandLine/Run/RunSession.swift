import Foundation
import MusterBackends
import MusterEngine
import MusterMetadata
import MusterModel
import MusterPython
import MusterStore

/// One run from its record to its end, on this machine.
struct RunSession {
    let context: CommandContext
    let layout: StoreLayout
    let metadata: any MetadataStore
    let options: RunOptions

    /// What this machine has to give.
    func capacity() throws -> MachineCapacity { try LocalMachine.capacity(environment: self.context.environment) }

    /// Moves the run to its end and shows it.
    /// - Parameter continues: It began earlier, with the source of that time.
    /// - Throws: ``CommandFailure`` when it did not succeed, ``SignalExit`` when a signal ended it.
    func perform(_ record: RunRecord, origin: OriginRun?, continues: Bool = false) async throws {
        let console = Console(
            style: .choose(
                json: self.options.json, quiet: self.options.quiet, isTerminal: StandardStream.output.isTerminal,
                environment: self.context.environment))
        for note in (record.manifest.notes ?? []) + self.options.notes { console.note("note: \(note)") }
        let package = try CodePackage(folder: record.manifest.folder)
        for note in package.notes { console.note("warning: \(note)") }
        let source = self.source(of: record, package)
        if source == nil { for note in package.secrets { console.note("note: \(note)") } }
        if continues, source != nil, try package.digest() != record.package {
            console.note("warning: the source has changed since the run began; steps run what is there now")
        }
        let signals = RunSignals()
        do {
            let verdict = try await self.move(record, origin, source, signals) { console.show($0) }
            await console.close()
            try self.conclude(verdict, signals)
        } catch {
            await console.close()
            throw error
        }
    }

    /// What its steps run on in place; nil for a run whose steps have copies of their own.
    private func source(of record: RunRecord, _ package: CodePackage) -> SourceWatch? {
        guard record.isIsolated != true, !self.options.isolated else { return nil }
        return SourceWatch(workFolder: self.context.folder, package: package, program: record.program)
    }

    private func move(
        _ record: RunRecord, _ origin: OriginRun?, _ source: SourceWatch?, _ signals: RunSignals,
        _ observe: @escaping @Sendable (EngineObservation) -> Void
    ) async throws -> RunVerdict {
        let environment = self.context.environment
        let backend = LocalBackend(
            reactor: self.context.reactor, agent: try self.context.agent(), store: self.layout.root,
            capacity: try self.capacity(), environment: environment)
        let environments = PythonEnvironments(
            cache: try PythonEnvironments.defaultCache(environment: environment), reactor: self.context.reactor,
            environment: environment)
        let lock = try RunLock(path: self.layout.runLock(flow: record.flow, run: record.run))
        defer { withExtendedLifetime(lock) {} }
        let engine = RunEngine(
            record: record, metadata: self.metadata, layout: self.layout, backend: backend, environments: environments,
            maxWorkers: self.options.maxWorkers, fanOutLimit: self.options.fanOutLimit, origin: origin, source: source,
            observe: observe)
        signals.install(on: self.context.reactor) { engine.cancel(reason: $0) }
        try self.writeRunID(record.run)
        return try await engine.run()
    }

    private func conclude(_ verdict: RunVerdict, _ signals: RunSignals) throws {
        switch verdict {
        case .succeeded: return
        case .cancelled:
            if let signal = signals.first { throw SignalExit(signal: signal) }
            throw CommandFailure(.runFailed, "")
        case .failed: throw CommandFailure(.runFailed, "")
        }
    }

    private func writeRunID(_ run: String) throws {
        guard let path = self.options.runIdFile else { return }
        do {
            try Data(run.utf8).write(to: URL(filePath: AbsolutePath.of(path)), options: .atomic)
        } catch {
            throw CommandFailure(.usage, "the run's id cannot be written to \(path): \(error.localizedDescription)")
        }
    }
}
