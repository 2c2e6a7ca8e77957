import MusterBackends
import MusterModel
import MusterProcess

/// A place that Muster knows by itself. A further one is a further type here, and a line in ``KnownPlaces``.
protocol KnownPlace {
    static var name: String { get }

    init(_ surroundings: PlaceSurroundings)

    /// Why steps cannot run there as this machine is set up; nil when they can.
    /// - Parameter manifest: Of the flow whose steps they are.
    func missing(for manifest: FlowManifest) -> String?

    /// - Parameter manifest: Of the flow whose steps run there; nil when none is meant.
    func backend(for manifest: FlowManifest?) throws(BackendError) -> any ComputeBackend

    /// The agent's command on nodes that have it; nil where they get it from the store.
    var installedAgent: [String]? { get }

    /// What is found out about the place for `muster doctor`; nil where its nodes see this machine's folders, which is checked
    /// in another way.
    /// - Parameter options: The decorator's.
    func facts(_ options: [String: JSONValue]) async throws(BackendError) -> [PlaceFact]?
}

extension KnownPlace {
    var installedAgent: [String]? { nil }

    func facts(_ options: [String: JSONValue]) async throws(BackendError) -> [PlaceFact]? { nil }
}

/// What places depend on here.
struct PlaceSurroundings {
    let reactor: ProcessReactor
    let environment: [String: String]
    let settings: Settings
    /// The store's name, the same on all machines: names of jobs depend on it.
    let store: String
    /// The store is in a bucket.
    let hasBucket: Bool
}

enum KnownPlaces {
    private static let all: [any KnownPlace.Type] = [SlurmPlace.self, BatchPlace.self, KubernetesPlace.self]

    static var names: [String] { self.all.map { $0.name } }

    static func named(_ name: String, _ surroundings: PlaceSurroundings) -> (any KnownPlace)? {
        self.all.first { $0.name == name }?.init(surroundings)
    }
}

extension FlowManifest {
    /// The image of the Python that describes the flow, as Metaflow takes it; nil for a flow in Swift.
    var pythonImage: String? {
        let tag = self.systemTags?.first { $0.hasPrefix("python_version:") }
        let version = tag?.split(separator: ":").last?.split(separator: ".").prefix(2)
        return version.map { "python:\($0.joined(separator: "."))" }
    }

    /// The texts that steps give an option of a place.
    func options(_ name: String, of place: String) -> [String] {
        self.steps.compactMap { $0.settings.place }.filter { $0.name == place }.compactMap { place in
            if case .string(let text)? = place.options[name] { text } else { nil }
        }
    }
}

extension [String: JSONValue] {
    /// These, with the image of the flow's Python where none is named.
    func with(imageOf manifest: FlowManifest?) -> [String: JSONValue] {
        guard self["image"] == nil, let image = manifest?.pythonImage else { return self }
        return self.merging(["image": .string(image)]) { own, _ in own }
    }
}
