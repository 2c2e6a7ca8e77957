import Foundation
import Logging
import MusterBackends
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem

/// The places besides this machine where steps can run. The only file that names their backends.
struct Places {
    private static let builtIn: Set<String> = [SlurmBackend.name]

    let reactor: ProcessReactor
    let environment: [String: String]
    let layout: StoreLayout
    /// This machine's agent, a copy of which goes to the nodes.
    let agent: String
    let settings: Settings

    /// True for a place that Muster knows, or that a backend program on the `PATH` stands for.
    static func isPlace(_ name: String) -> Bool {
        self.builtIn.contains(name) || self.program(of: name, path: ProcessEnvironment.texts["PATH"] ?? "") != nil
    }

    private static func program(of name: String, path: String) -> String? {
        guard name.first?.isLetter == true, name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
        else { return nil }
        return ExecutableSearch.find(ProgramBackend.prefix + name, path: path)
    }

    /// The runners of the places that steps of the flow name and that are set up here.
    /// - Parameters:
    ///   - isDry: Nothing will be sent: nothing is written either.
    ///   - log: Takes what backend programs say.
    /// - Throws: ``CommandFailure`` when the agent cannot be put where the nodes see it, or a backend program fails.
    func runners(for manifest: FlowManifest, isDry: Bool = false, log: Logger) async throws -> [any GangRunner] {
        let names = self.named(by: manifest).filter { self.isReady($0) }
        guard !names.isEmpty else { return [] }
        let agent = isDry ? try self.agentPath() : try self.sharedAgent()
        let settings = QueuedSettings(agent: agent, store: self.layout.root, self.settings)
        var runners: [any GangRunner] = []
        for name in names { runners.append(try await self.runner(of: name, settings, log)) }
        return runners
    }

    private func runner(of name: String, _ settings: QueuedSettings, _ log: Logger) async throws -> any GangRunner {
        self.gangs(of: try await self.backend(of: name, log: log), settings)
    }

    private func gangs(of backend: some ComputeBackend, _ settings: QueuedSettings) -> any GangRunner {
        let layout = self.layout
        return QueuedGangs(backend, settings: settings, prefix: { layout.attemptPrefix($0) })
    }

    /// The backend of a place that is set up here.
    /// - Throws: ``CommandFailure`` when its program fails.
    func backend(of name: String, log: Logger) async throws -> any ComputeBackend {
        if name == SlurmBackend.name {
            let client = SlurmClient(
                reactor: self.reactor, environment: self.environment, settings: self.settings.slurm)
            return SlurmBackend(
                client: client, store: self.layout.root, defaults: self.settings.slurm.options,
                queue: self.settings.queue)
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

    /// A sentence for each place that steps name and that is not set up here.
    func notes(for manifest: FlowManifest) -> [String] {
        self.named(by: manifest).filter { !self.isReady($0) }.map { name in
            let missing =
                name == SlurmBackend.name
                ? "there is no sbatch on the PATH, and slurm.ssh is not set"
                : "there is no \(ProgramBackend.prefix)\(name) on the PATH"
            return "steps for \(name) run on this machine: \(missing)"
        }
    }

    private func named(by manifest: FlowManifest) -> [String] {
        Set(manifest.steps.compactMap(\.settings.place?.name)).sorted()
    }

    private func isReady(_ name: String) -> Bool {
        guard name == SlurmBackend.name else { return Self.program(of: name, path: self.path) != nil }
        return self.settings.slurm.ssh != nil || ExecutableSearch.find("sbatch", path: self.path) != nil
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
    init(_ context: CommandContext, _ layout: StoreLayout, agent: String) {
        self.init(
            reactor: context.reactor, environment: context.environment, layout: layout, agent: agent,
            settings: context.settings)
    }

    init(_ context: CommandContext, _ layout: StoreLayout) throws {
        self.init(context, layout, agent: try context.agent())
    }
}
