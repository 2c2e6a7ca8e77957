import MusterAWS
import MusterBackends
import MusterBatch
import MusterModel

struct BatchPlace: KnownPlace {
    static let name = BatchBackend.name

    private let surroundings: PlaceSurroundings

    init(_ surroundings: PlaceSurroundings) { self.surroundings = surroundings }

    private var settings: Settings { self.surroundings.settings }

    func missing(for manifest: FlowManifest) -> String? {
        guard self.settings.batch.queue == nil, manifest.options("queue", of: Self.name).isEmpty else { return nil }
        return "there is no job queue: neither batch.queue nor METAFLOW_BATCH_JOB_QUEUE is set"
    }

    func backend(for manifest: FlowManifest?) throws(BackendError) -> any ComputeBackend {
        BatchBackend(
            client: try self.client(), store: self.surroundings.store,
            defaults: self.settings.batch.options.with(imageOf: manifest),
            queues: manifest?.options("queue", of: Self.name) ?? [], queue: self.settings.queue)
    }

    private func client() throws(BackendError) -> BatchClient {
        try BatchClient(AWSProfiles(environment: self.surroundings.environment))
    }

    func facts(_ options: [String: JSONValue]) async throws(BackendError) -> [PlaceFact]? {
        let options = self.settings.batch.options.merging(options) { $1 }
        return await BatchCheck(try self.client(), options: options).facts()
    }
}
