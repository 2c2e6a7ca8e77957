import ArgumentParser
import Foundation
import Glibc
import MusterBackends
import MusterBucket
import MusterEngine
import MusterHistory
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// `muster cancel`
struct CancelVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "End a run: its gangs are stopped, nothing new starts.",
        discussion: """
            Returns when the run is over, and succeeds if it is, also when it was over already. The engine that moves it may \
            run on another machine or in another container that uses the same store. A run whose engine was killed is ended here.
            """)

    @Argument(help: "The run: Flow/run, or a run's id.") var name: String
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func run() async throws {
        let store = try self.store.existing(self.flow)
        let finder = store.finder
        let record = try await finder.record(self.name)
        if let verdict = record.verdict {
            StandardStream.output.line("\(record.key) is over already: \(verdict.rawValue)")
            return
        }
        let ending = RunEnding(
            record: record, store: store,
            context: try CommandContext(self.flow, given: self.store.given))
        while true {
            try await ending.perform()
            let after = try await finder.record("\(record.key)")
            guard let verdict = after.verdict else { continue }
            StandardStream.output.line("\(record.key) \(verdict.rawValue)")
            return
        }
    }
}

/// Ends a run: through its engine if one lives, otherwise by itself.
private struct RunEnding {
    let record: RunRecord
    let store: OpenedStore
    let context: CommandContext

    private var layout: StoreLayout { self.store.layout }
    private var metadata: any MetadataStore { self.store.metadata }
    private var lock: String { self.layout.runLock(flow: self.record.flow, run: self.record.run) }
    private var request: String { self.layout.cancelRequest(flow: self.record.flow, run: self.record.run) }

    /// Returns when no engine moves the run any more. Its record then tells if it has ended.
    /// - Throws: ``EngineError`` when the request could not be left, or the run could not be ended here.
    func perform() async throws {
        var isToldOfStop = false
        try await self.store.lookAtEngine(of: self.record.key)
        while let holder = RunLock.holder(path: self.lock) {
            // An engine removes an older request when it starts, so the request is repeated.
            if !CancelRequest.isThere(at: self.request) {
                try CancelRequest.leave(at: self.request, author: self.author)
                try await self.store.bucket?.requestCancel(of: self.record.key, author: self.author)
            }
            if !isToldOfStop, let place = holder.place, place.isStopped {
                isToldOfStop = true
                StandardStream.error.line(
                    "muster: \(place), which moves the run, is stopped by a signal; the run ends once it goes on: kill -CONT \(place.identity.pid)"
                )
            }
            try await Task.sleep(for: .seconds(self.context.settings.engine.cancelInterval / 2))
            try await self.store.lookAtEngine(of: self.record.key)
        }
        CancelRequest.remove(at: self.request)
        guard try await self.metadata.record(of: self.record.key)?.verdict == nil else { return }
        try await self.endHere()
    }

    private var author: String {
        "\(self.context.user) (\(ProcessPlace.own))"
    }

    private func endHere() async throws {
        let lock: RunLock
        do {
            lock = try RunLock(
                path: self.lock, timeout: self.context.settings.engine.lockTimeout,
                interval: self.context.settings.engine.leaseInterval,
                onWait: { StandardStream.error.line("muster: \(RunSession.waiting(for: $0, seconds: $1))") })
        } catch let error as StoreError where error.code == .busy {
            // Another command moves the run, or has ended it.
            return
        }
        defer { withExtendedLifetime(lock) {} }
        guard let bucket = self.store.bucket else { return try await self.end(nil) }
        let moved: MovedRun
        do {
            moved = try await MovedRun(
                self.record.key, in: bucket, layout: self.layout, settings: self.context.settings.bucket, isNew: false,
                address: self.store.address(of:), observe: { _ in },
                onWait: { StandardStream.error.line("muster: \(RunSession.waiting(for: $0, seconds: $1))") })
        } catch let error as StoreError where error.code == .busy {
            return
        }
        try await moved.during(
            onLoss: { _ in _exit(ExitReason.runFailed.rawValue) }, onCancel: { _ in },
            { try await self.end(moved.attempts) })
    }

    /// Ends the run, whose lock and lease this program has.
    private func end(_ attempts: AttemptMirror?) async throws {
        guard let record = try await self.metadata.record(of: self.record.key), record.verdict == nil else { return }
        let context = self.context
        let backend = LocalBackend(
            reactor: context.reactor, agent: "", store: self.layout.root,
            capacity: MachineCapacity(cpus: 1, memory: 1, gpus: 0),
            environment: context.environment, settings: context.settings)
        // Gangs at places with a queue live on without their engine.
        let others = try await Places(context, self.layout, self.store.bucketNodes).runners(
            for: Places.Flow(record, attempts), log: .silent)
        let engine = RunEngine(
            record: record, metadata: self.metadata, layout: self.layout,
            runners: GangRunners(local: backend, others: others), environments: NoEnvironments(),
            settings: context.settings, courier: self.store.bucket?.courier, attempts: attempts, observe: { _ in })
        try await engine.end(reason: "`muster cancel` was called by \(self.author)")
    }
}

/// The environments of a run that starts no more steps.
private struct NoEnvironments: StepEnvironments {
    func interpreter(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> String { throw Self.refusal }

    func carried(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> CarriedEnvironment { throw Self.refusal }

    private static let refusal = EngineError(code: .refused, message: "a run that is being ended starts nothing")
}
