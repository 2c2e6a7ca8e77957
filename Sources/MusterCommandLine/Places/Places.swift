import Foundation
import Logging
import MusterBackends
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem
import MusterWire

/// The places besides this machine where steps can run: those that Muster knows, and backend programs.
struct Places {
    /// Seconds of a bucket's silence after which a job that is over has left no report.
    private static let silenceOfBucket = 15.0

    let reactor: ProcessReactor
    let environment: [String: String]
    let layout: StoreLayout
    /// For places whose nodes see nothing but the bucket that the store is in; nil for a store in a folder.
    let bucketNodes: BucketNodes?
    /// This machine's agent, a copy of which goes to the nodes.
    let agent: String
    let settings: Settings

    /// True for a place that Muster knows, or that a backend program on the `PATH` stands for.
    static func isPlace(_ name: String) -> Bool {
        KnownPlaces.names.contains(name) || self.program(of: name, path: ProcessEnvironment.texts["PATH"] ?? "") != nil
    }

    private static func program(of name: String, path: String) -> String? {
        guard name.first?.isLetter == true, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { return nil }
        return ExecutableSearch.find(ProgramBackend.prefix + name, path: path)
    }

    /// A flow that is to run, or of which is shown how it would.
    struct Flow {
        let manifest: FlowManifest
        /// The flow program, before its verb.
        let program: [String]
        /// The digest of its code package.
        let package: String
        /// Carries the objects of its attempts to nodes that see nothing but the bucket; nil for a flow that is only shown,
        /// and for a store in a folder.
        let attempts: (any AttemptCourier)?
    }

    /// The runners of the places that steps of the flow name and that are set up here.
    /// - Parameters:
    ///   - isDry: Nothing will be sent: nothing is written either.
    ///   - log: Takes what backend programs say.
    /// - Throws: ``CommandFailure`` when the agent cannot be put where the nodes find it, when a step cannot run at its
    ///   place, or a backend program fails.
    func runners(for flow: Flow, isDry: Bool = false, log: Logger) async throws -> [any GangRunner] {
        var runners: [any GangRunner] = []
        for name in self.named(by: flow.manifest) where self.missing(name, flow.manifest) == nil {
            runners.append(
                try await self.runner(
                    at: self.backend(of: name, for: flow.manifest, log: log), flow, isDry))
        }
        return runners
    }

    private func runner(
        at backend: some ComputeBackend, _ flow: Flow, _ isDry: Bool
    ) async throws -> any GangRunner {
        let layout = self.layout
        guard backend.capabilities.sharesFolder else {
            var settings = try await self.settings(withoutFolder: backend.name, flow, isDry)
            settings.rendezvousDeadline = backend.capabilities.rendezvousDeadline ?? settings.rendezvousDeadline
            return QueuedGangs(
                backend, settings: settings, prefix: { layout.attemptPrefix($0) },
                courier: flow.attempts ?? self.bucketNodes.map(ShownAttempts.init))
        }
        let agent = isDry ? try self.agentPath() : try self.sharedAgent()
        return QueuedGangs(
            backend, settings: QueuedSettings(agent: [agent], store: self.storeName, self.settings),
            prefix: { layout.attemptPrefix($0) })
    }

    /// The settings of a place whose nodes see nothing but the bucket.
    private func settings(
        withoutFolder place: String, _ flow: Flow, _ isDry: Bool
    ) async throws -> QueuedSettings {
        guard let nodes = self.bucketNodes else {
            throw CommandFailure(
                .usage,
                "the nodes of \(place) see no folder of this machine: steps there need a store in a bucket, as with --store s3://bucket/prefix"
            )
        }
        var settings = QueuedSettings(
            agent: try await self.agentCommand(at: place, nodes, isDry: isDry), store: self.storeName, self.settings)
        // A bucket shows an object as soon as it is there: a job that is over has nothing more to show.
        settings.timing.silence = Self.silenceOfBucket
        settings.carried = try await nodes.code(flow.program, package: flow.package, isDry: isDry)
        return settings
    }

    /// The agent's command on the nodes of a place, before its verb.
    func agentCommand(at place: String, _ nodes: BucketNodes, isDry: Bool) async throws -> [String] {
        if let installed = self.known(place)?.installedAgent { return installed }
        return try await nodes.agentCommand(of: self.agent, isDry: isDry)
    }

    /// The store's name, the same on all machines: names of jobs depend on it.
    var storeName: String { BucketAddress(self.settings)?.description ?? self.layout.root }

    /// The backend of a place that is set up here.
    /// - Parameter manifest: Of the flow whose steps run there; nil when none is meant.
    /// - Throws: ``CommandFailure`` when its program fails.
    func backend(
        of name: String, for manifest: FlowManifest? = nil, log: Logger
    ) async throws -> any ComputeBackend {
        if let known = self.known(name) {
            do throws(BackendError) { return try known.backend(for: manifest) } catch {
                throw CommandFailure(.usage, "steps cannot run at \(name): \(error.message)")
            }
        }
        let path = Self.program(of: name, path: self.path) ?? ""
        do throws(BackendError) {
            return try await ProgramBackend(
                name: name, path: path, reactor: self.reactor, environment: self.environment,
                queue: self.settings.queue, log: { log.info("\($0)") })
        } catch {
            throw CommandFailure(.usage, "steps cannot run at \(name): \(error.message)")
        }
    }

    private func known(_ name: String) -> (any KnownPlace)? {
        KnownPlaces.named(
            name,
            PlaceSurroundings(
                reactor: self.reactor, environment: self.environment, settings: self.settings, store: self.storeName,
                hasBucket: self.bucketNodes != nil))
    }

    /// A sentence for each place that steps name and that is not set up here.
    func notes(for manifest: FlowManifest) -> [String] {
        self.named(by: manifest).compactMap { name in
            self.missing(name, manifest).map { "steps for \(name) run on this machine: \($0)" }
        }
    }

    private func named(by manifest: FlowManifest) -> [String] {
        Set(manifest.steps.compactMap(\.settings.place?.name)).sorted()
    }

    /// Why steps cannot run at a place; nil when they can.
    private func missing(_ name: String, _ manifest: FlowManifest) -> String? {
        if let known = self.known(name) { return known.missing(for: manifest) }
        return Self.program(of: name, path: self.path) == nil
            ? "there is no \(ProgramBackend.prefix)\(name) on the PATH" : nil
    }

    private var path: String { self.environment["PATH"] ?? "" }

    // MARK: - The agent

    /// The agent as a file of the store, by its digest: all nodes see it, and an upgrade changes no gang that runs.
    private func sharedAgent() throws -> String {
        do {
            return try AgentCopy(of: self.agent, in: self.layout).path
        } catch {
            throw CommandFailure(
                .store, "the agent cannot be copied into the store, where nodes elsewhere start it: \(error)")
        }
    }

    private func agentPath() throws -> String {
        do {
            return try AgentCopy.path(of: self.agent, in: self.layout)
        } catch {
            throw CommandFailure(.usage, "the agent cannot be read: \(error)")
        }
    }
}

extension Places {
    init(_ context: CommandContext, _ layout: StoreLayout, _ bucketNodes: BucketNodes?, agent: String) {
        self.init(
            reactor: context.reactor, environment: context.environment, layout: layout, bucketNodes: bucketNodes,
            agent: agent, settings: context.settings)
    }

    init(_ context: CommandContext, _ layout: StoreLayout, _ bucketNodes: BucketNodes?) throws {
        self.init(context, layout, bucketNodes, agent: try context.agent())
    }
}

extension Places.Flow {
    init(_ record: RunRecord, _ attempts: (any AttemptCourier)?) {
        self.init(manifest: record.manifest, program: record.program, package: record.package, attempts: attempts)
    }
}

/// Names the orders of attempts that are only shown.
private struct ShownAttempts: AttemptCourier {
    let nodes: BucketNodes

    func orderAddress(of attempt: AttemptID) -> String { self.nodes.orderAddress(of: attempt) }
    func send(_ objects: [AttemptObject], of attempt: AttemptID) async throws {}
    func fetch() async throws {}
    func remove(_ objects: [AttemptObject], of attempt: AttemptID) async throws {}
    func clear(_ attempt: AttemptID) async throws {}
    func clear(but alive: Set<AttemptID>) async throws {}
}
