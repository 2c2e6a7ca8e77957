import Foundation
import MusterBackends
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem

/// The places besides this machine where steps can run. The only file that names their backends.
struct Places {
    static let names: Set<String> = [SlurmBackend.name]

    let reactor: ProcessReactor
    let environment: [String: String]
    let layout: StoreLayout
    /// This machine's agent, a copy of which goes to the nodes.
    let agent: String
    let settings: Settings

    /// The runners of the places that steps of the flow name and that are set up here.
    /// - Throws: ``CommandFailure`` when the agent cannot be put where the nodes see it.
    func runners(for manifest: FlowManifest) throws -> [any GangRunner] {
        guard self.isUsed(SlurmBackend.name, manifest), self.hasSlurm else { return [] }
        let (layout, slurm) = (self.layout, self.settings.slurm)
        let client = SlurmClient(reactor: self.reactor, environment: self.environment, settings: slurm)
        let backend = SlurmBackend(
            client: client, store: layout.root, defaults: slurm.options, queue: self.settings.queue)
        return [
            QueuedGangs(
                backend, settings: QueuedSettings(agent: try self.sharedAgent(), store: layout.root, self.settings),
                prefix: { layout.attemptPrefix($0) })
        ]
    }

    /// A sentence for each place that steps name and that is not set up here.
    func notes(for manifest: FlowManifest) -> [String] {
        guard self.isUsed(SlurmBackend.name, manifest), !self.hasSlurm else { return [] }
        return ["steps for slurm run on this machine: there is no sbatch on the PATH, and slurm.ssh is not set"]
    }

    private func isUsed(_ name: String, _ manifest: FlowManifest) -> Bool {
        manifest.steps.contains { $0.settings.place?.name == name }
    }

    private var hasSlurm: Bool {
        self.settings.slurm.ssh != nil || ExecutableSearch.find("sbatch", path: self.environment["PATH"] ?? "") != nil
    }

    /// The agent as a file of the store, by its digest: all nodes see it, and an upgrade changes no gang that runs.
    private func sharedAgent() throws -> String {
        do {
            return try AgentCopy(of: self.agent, in: self.layout).path
        } catch {
            throw CommandFailure(
                .store, "the agent cannot be copied into the store, where nodes elsewhere start it: \(error)")
        }
    }
}
