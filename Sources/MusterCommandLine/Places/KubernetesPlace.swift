import Foundation
import MusterBackends
import MusterKubernetes
import MusterModel

struct KubernetesPlace: KnownPlace {
    static let name = KubernetesBackend.name

    private let surroundings: PlaceSurroundings

    init(_ surroundings: PlaceSurroundings) { self.surroundings = surroundings }

    private var settings: Settings { self.surroundings.settings }

    func missing(for manifest: FlowManifest) -> String? {
        guard KubernetesAccess.isConfigured(self.surroundings.environment) else {
            return "there is no configuration of kubectl"
        }
        guard !self.surroundings.hasBucket else { return nil }
        return "pods see no folder of this machine; use a store in a bucket, as with --store s3://bucket/prefix"
    }

    func backend(for manifest: FlowManifest?) throws(BackendError) -> any ComputeBackend {
        KubernetesBackend(
            client: try self.client(), store: self.surroundings.store,
            defaults: try self.options().with(imageOf: manifest),
            namespaces: manifest?.options("namespace", of: Self.name) ?? [], queue: self.settings.queue)
    }

    var installedAgent: [String]? {
        self.settings.kubernetes.agentImage.map { _ in [KubernetesBackend.installedAgent] }
    }

    func facts(_ options: [String: JSONValue]) async throws(BackendError) -> [PlaceFact]? {
        let options = try self.options().merging(options) { $1 }
        return await KubernetesCheck(try self.client(), options: options).facts()
    }

    private func client() throws(BackendError) -> KubernetesClient {
        KubernetesClient(
            try KubernetesAccess(self.surroundings.environment, context: self.settings.kubernetes.context))
    }

    /// The options that are set, with the template's text.
    private func options() throws(BackendError) -> [String: JSONValue] {
        var options = self.settings.kubernetes.options
        guard let path = self.settings.kubernetes.podTemplate else { return options }
        do {
            options["pod_template"] = .string(try String(contentsOfFile: path, encoding: .utf8))
        } catch {
            throw BackendError(
                code: .options, message: "the template of pods \(path) cannot be read: \(error.localizedDescription)",
                isTransient: false)
        }
        return options
    }
}
