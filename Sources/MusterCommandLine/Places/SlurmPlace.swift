import MusterBackends
import MusterModel
import MusterProcess

struct SlurmPlace: KnownPlace {
    static let name = SlurmBackend.name

    private let surroundings: PlaceSurroundings

    init(_ surroundings: PlaceSurroundings) { self.surroundings = surroundings }

    func missing(for manifest: FlowManifest) -> String? {
        let path = self.surroundings.environment["PATH"] ?? ""
        guard self.surroundings.settings.slurm.ssh == nil, ExecutableSearch.find("sbatch", path: path) == nil else {
            return nil
        }
        return "there is no sbatch on the PATH, and slurm.ssh is not set"
    }

    func backend(for manifest: FlowManifest?) throws(BackendError) -> any ComputeBackend {
        let settings = self.surroundings.settings
        let client = SlurmClient(
            reactor: self.surroundings.reactor, environment: self.surroundings.environment, settings: settings.slurm)
        return SlurmBackend(
            client: client, store: self.surroundings.store, defaults: settings.slurm.options, queue: settings.queue)
    }
}
