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

    /// The runners of the places that steps of the flow name and that are set up here.
    /// - Throws: ``CommandFailure`` when the agent cannot be put where the nodes see it.
    func runners(for manifest: FlowManifest) throws -> [any GangRunner] {
        guard self.isUsed(SlurmBackend.name, manifest), self.isThere("sbatch") else { return [] }
        let settings = QueuedSettings(agent: try self.sharedAgent(), store: self.layout.root)
        let client = SlurmClient(reactor: self.reactor, environment: self.environment)
        let layout = self.layout
        return [
            QueuedGangs(
                SlurmBackend(client: client, store: layout.root), settings: settings,
                prefix: { layout.attemptPrefix($0) })
        ]
    }

    /// A sentence for each place that steps name and that is not set up here.
    func notes(for manifest: FlowManifest) -> [String] {
        guard self.isUsed(SlurmBackend.name, manifest), !self.isThere("sbatch") else { return [] }
        return ["steps for slurm run on this machine: there is no sbatch on the PATH"]
    }

    private func isUsed(_ name: String, _ manifest: FlowManifest) -> Bool {
        manifest.steps.contains { $0.settings.place?.name == name }
    }

    private func isThere(_ command: String) -> Bool {
        ExecutableSearch.find(command, path: self.environment["PATH"] ?? "") != nil
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
