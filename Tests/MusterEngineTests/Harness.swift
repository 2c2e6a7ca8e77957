import Foundation
import Logging
import MusterBackends
import MusterEngine
import MusterMetadata
import MusterModel
import MusterStore
import MusterWire
import Synchronization

/// A store, a flow and a script: everything an engine needs, in a folder that goes with this value.
final class Harness: Sendable {
    let layout: StoreLayout
    let artifacts: ArtifactStore
    let metadata = InMemoryMetadata()
    let manifest: FlowManifest
    private let seen = Mutex<[EngineObservation]>([])

    init(_ manifest: FlowManifest) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-engine-\(UUID().uuidString)").path
        self.layout = StoreLayout(root: folder)
        try self.layout.prepare()
        self.artifacts = ArtifactStore(self.layout)
        self.manifest = manifest
    }

    deinit { try? FileManager.default.removeItem(atPath: self.layout.root) }

    var observations: [EngineObservation] { self.seen.withLock { $0 } }

    func record(_ run: String = "1", origin: String? = nil) -> RunRecord {
        RunRecord(
            flow: self.manifest.name, run: run, user: "ada", created: 1, originRun: origin, program: ["flow"],
            manifest: self.manifest, parameters: [:], package: "none")
    }

    func engine(
        _ backend: ScriptedBackend, beside others: [ScriptedBackend] = [], run: String = "1", origin: OriginRun? = nil,
        maxWorkers: Int = 16, fanOutLimit: FanOutLimit? = nil, log: Logger = .silent
    ) -> RunEngine {
        var settings = Settings()
        settings.run.maxWorkers = maxWorkers
        settings.run.maxNumSplits = fanOutLimit?.count
        return RunEngine(
            record: self.record(run, origin: origin?.run), metadata: self.metadata, layout: self.layout,
            runners: GangRunners(local: backend, others: others), environments: NoEnvironments(), settings: settings,
            origin: origin, log: log
        ) { observation in self.seen.withLock { $0.append(observation) } }
    }

    /// Runs the flow from its beginning.
    func run(_ backend: ScriptedBackend, run: String = "1") async throws -> RunVerdict {
        try await self.metadata.create(self.record(run))
        return try await self.engine(backend, run: run).run()
    }

    func events(_ run: String = "1") async throws -> [RunEvent] {
        try await self.metadata.events(of: RunKey(flow: self.manifest.name, run: run)).map(\.event)
    }

    /// The run's state after all of its events.
    func machine(_ run: String = "1") async throws -> RunStateMachine {
        var machine = RunStateMachine(manifest: self.manifest)
        for event in try await self.events(run) { _ = try machine.handle(event) }
        return machine
    }

    /// What a task of the sample flow leaves: it goes on by `transition` and says which task made it.
    func result(_ gang: GangSpec, node: Int = 0, _ transition: Transition) throws -> NodeResult {
        var artifacts = gang.inputs.first?.artifacts ?? [:]
        artifacts["trace"] = try self.artifacts.put(Data("\"\(gang.step.name)/\(node)\"".utf8), encoding: .json)
        var items: ArtifactReference?
        if case .foreach(_, let count) = transition {
            let lines = (0..<count).map { "\($0 * 10)\n" }.joined()
            items = try self.artifacts.put(Data(lines.utf8), encoding: .json)
        }
        return NodeResult(transition: transition, artifacts: artifacts, items: items)
    }
}

struct NoEnvironments: StepEnvironments {
    func interpreter(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> String {
        guard requirements.packages != ["impossible"] else {
            throw Unresolvable(description: "no package is called impossible")
        }
        return "/usr/bin/python3"
    }

    func carried(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> CarriedEnvironment {
        _ = try await self.interpreter(for: requirements, progress: progress)
        return Self.carried
    }

    /// What nodes without the store's folder are told to make.
    static let carried = CarriedEnvironment(
        python: "3.11", uv: ArtifactReference(digest: "uv", size: 1, encoding: .data),
        lock: ArtifactReference(digest: "lock", size: 1, encoding: .data))
}

struct Unresolvable: Error, CustomStringConvertible { let description: String }
