import Dispatch
import Foundation
import Glibc
import Logging
import MusterBackends
import MusterBucket
import MusterCourier
import MusterEngine
import MusterHistory
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem

/// One run from its record to its end, on this machine.
struct RunSession {
    let context: CommandContext
    let store: OpenedStore
    let options: RunOptions
    /// The command that resumes the run, without the run's name.
    let resume: ResumeCommand
    /// Lets go of the terminal once the run is recorded; nil for a run that stays there.
    let detached: DetachedEngine?
    /// The resources of this machine.
    let capacity: MachineCapacity
    private let agent: String

    /// - Throws: ``CommandFailure`` for what keeps every run from beginning: nothing is recorded then.
    init(
        context: CommandContext, store: OpenedStore, options: RunOptions,
        detached: DetachedEngine? = nil, resume: ResumeCommand
    ) throws {
        self.context = context
        self.store = store
        self.options = options
        self.resume = resume
        self.detached = detached
        self.capacity = LocalMachine.capacity(environment: context.environment, context.settings.machine)
        self.agent = try context.agent()
        for file in [options.runIdFile, options.runnerAttributeFile] { if let file { try Self.checkWritable(file) } }
    }

    /// Moves the run to its end and shows it.
    /// - Parameters:
    ///   - continues: It began earlier, with the source of that time.
    ///   - clonesOnly: It takes over what the origin has, and starts nothing.
    /// - Throws: ``CommandFailure`` when it did not succeed, ``SignalExit`` when a signal ended it.
    func perform(_ record: RunRecord, origin: OriginRun?, continues: Bool = false, clonesOnly: Bool = false)
        async throws
    {
        let console = Console(
            style: .choose(
                json: self.options.json, quiet: self.options.quiet,
                isTerminal: self.detached == nil && StandardStream.output.isTerminal,
                environment: self.context.environment),
            resume: self.resume.line(run: record.run))
        let signals = RunSignals()
        let verdict: RunVerdict?
        do {
            for note in (record.manifest.notes ?? []) + self.options.notes + self.places.notes(for: record.manifest) {
                console.note("note: \(note)")
            }
            let package = try CodePackage(folder: record.manifest.folder)
            for note in package.notes { console.note("warning: \(note)") }
            let source = self.source(of: record, package)
            if source == nil { for note in package.secrets { console.note("note: \(note)") } }
            if continues, source != nil, try package.digest() != record.package {
                console.note("warning: the source has changed since the run began; steps run what is there now")
            }
            verdict = try await self.move(
                record, origin, source, signals, isNew: !continues, clonesOnly: clonesOnly
            ) { console.show($0) }
        } catch {
            await console.close()
            await self.close(record, because: error)
            throw error
        }
        if verdict == nil {
            console.note("nothing was started; this goes on with the run: \(self.resume.line(run: record.run))")
        }
        await console.close()
        guard let verdict else { return }
        await RunHooks(context: self.context, layout: self.layout, keepsOutput: !self.options.json).perform(
            record, verdict)
        try self.conclude(verdict, signals)
    }

    private var layout: StoreLayout { self.store.layout }

    private var metadata: any MetadataStore { self.store.metadata }

    private var places: Places { Places(self.context, self.layout, self.store.bucketNodes, agent: self.agent) }

    /// The source on which its steps run in place; nil for an isolated run.
    private func source(of record: RunRecord, _ package: CodePackage) -> SourceWatch? {
        guard record.isIsolated != true, !self.context.settings.run.isIsolated else { return nil }
        return SourceWatch(workFolder: self.context.folder, package: package, program: record.program)
    }

    private func move(
        _ record: RunRecord, _ origin: OriginRun?, _ source: SourceWatch?, _ signals: RunSignals, isNew: Bool,
        clonesOnly: Bool, _ observe: @escaping @Sendable (EngineObservation) -> Void
    ) async throws -> RunVerdict? {
        let (environment, settings) = (self.context.environment, self.context.settings)
        let engineLog = ProgramLog(
            path: self.layout.engineLog(flow: record.flow, run: record.run), process: LogProcess.engine,
            queue: DispatchQueue(label: "muster.engine-log", qos: .utility))
        defer { engineLog.flush() }
        let log = Logger(engineLog, level: settings.log.level, [:])
        let backend = LocalBackend(
            reactor: self.context.reactor, agent: self.agent, store: self.layout.root, capacity: self.capacity,
            environment: environment, settings: settings, log: log)
        let environments = EnvironmentsOnDemand(
            reactor: self.context.reactor, environment: environment, wheels: settings.python.wheels,
            bucketNodes: self.store.bucketNodes)
        let onLoss: @Sendable (ProcessPlace) -> Void = { other in
            // Whatever this engine still did would be done twice. Its agents here see their input end and leave.
            log.error("another engine has taken the run over", metadata: ["engine": "\(other)"])
            engineLog.flush()
            StandardStream.error.line(
                "muster: \(other) has taken the run over, because this engine gave no sign of life; this one ends")
            _exit(ExitReason.runFailed.rawValue)
        }
        let onWait: @Sendable (ProcessPlace, Double) -> Void = {
            observe(.warning(Self.waiting(for: $0, seconds: $1)))
        }
        let lock = try RunLock(
            path: self.layout.runLock(flow: record.flow, run: record.run), timeout: settings.engine.lockTimeout,
            interval: settings.engine.leaseInterval,
            onWait: onWait, onLoss: onLoss)
        defer { withExtendedLifetime(lock) {} }
        var moved: MovedRun?
        if let bucket = self.store.bucket {
            if !isNew { try await bucket.courier.fetch(package: record.package) }
            moved = try await MovedRun(
                record.key, in: bucket, layout: self.layout, settings: settings.bucket, isNew: isNew,
                address: self.store.address(of:), observe: observe, onWait: onWait)
        }
        let runners = GangRunners(
            local: backend,
            others: try await self.places.runners(for: Places.Flow(record, moved?.attempts), log: log))
        let engine = RunEngine(
            record: record, metadata: self.metadata, layout: self.layout,
            runners: runners,
            environments: environments, settings: settings, origin: origin, source: source, log: log,
            courier: self.store.bucket?.courier, attempts: moved?.attempts
        ) { [moved] in
            moved?.note($0)
            observe($0)
        }
        signals.install(on: self.context.reactor, hasTerminal: self.detached == nil) { engine.cancel(reason: $0) }
        let request = CancelRequest.watch(
            self.layout.cancelRequest(flow: record.flow, run: record.run), every: settings.engine.cancelInterval
        ) {
            engine.cancel(reason: "`muster cancel` was called by \($0)")
        }
        defer { withExtendedLifetime(request) {} }
        try self.writeRunID(of: record)
        try self.detached?.letGo(of: record, self.layout)
        let layout = self.layout
        async let incoming = layout.clearIncoming()
        let work = { try await clonesOnly ? engine.takeOver() : engine.run() }
        let verdict =
            if let moved {
                try await moved.during(
                    onLoss: onLoss, onCancel: { engine.cancel(reason: "`muster cancel` was called by \($0)") }, work)
            } else {
                try await work()
            }
        for problem in await runners.leftovers() + incoming {
            observe(.warning("left by a run whose engine was killed: \(problem)"))
        }
        return verdict
    }

    static func waiting(for engine: ProcessPlace, seconds: Double) -> String {
        "the run's last engine was \(engine); it is waited for \(TimeText.duration(seconds)) to see that it gives no sign of life"
    }

    /// Ends a run that was recorded and could not begin: nothing of it will ever go on.
    private func close(_ record: RunRecord, because error: any Error) async {
        // Another engine moves the run.
        if let error = error as? StoreError, error.code == .busy { return }
        guard let events = try? await self.metadata.events(of: record.key), events.isEmpty else { return }
        let failure = TaskFailure(code: .refused, message: CommandFailure(error).message)
        // A store that fails takes no record either; the caller prints the error.
        try? await self.metadata.append(
            [
                .started, .attemptStarted(task: 1, attempt: 0),
                .attemptFailed(task: 1, attempt: 0, failure: failure, caught: nil), .ended(verdict: .failed),
            ], to: record.key, at: Date().timeIntervalSince1970)
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

    private static func checkWritable(_ file: String) throws {
        let path = AbsolutePath.of(file)
        let folder = (path as NSString).deletingLastPathComponent
        guard access(folder, W_OK) != 0 else { return }
        throw CommandFailure(
            .usage, "the run's id cannot be written to \(file): \(folder): \(SystemError.lastText)")
    }

    private func writeRunID(of record: RunRecord) throws {
        if let file = self.options.runIdFile { try Self.write(Data(record.run.utf8), to: file) }
        guard let file = self.options.runnerAttributeFile else { return }
        let attributes = ["run_id": record.run, "flow_name": record.flow, "metadata": "local@\(self.layout.root)"]
        try Self.write(Data(try JSONText.line(attributes).utf8), to: file)
    }

    /// A named pipe, on which another program waits for the run, is written to directly.
    private static func write(_ data: Data, to file: String) throws {
        let path = AbsolutePath.of(file)
        do {
            let isPlain = FileStatus(path)?.isFile ?? true
            try data.write(to: URL(filePath: path), options: isPlain ? .atomic : [])
        } catch {
            throw CommandFailure(.usage, "the run's id cannot be written to \(file): \(error.localizedDescription)")
        }
    }
}
