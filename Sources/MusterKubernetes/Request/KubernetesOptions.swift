import Foundation
package import MusterBackends
package import MusterModel
import Yams

/// The options of `@Kubernetes`, checked where they enter. Names are Metaflow's.
package struct KubernetesOptions: Sendable {
    package var image = ""
    package var namespace: String?
    /// The image that holds the agent; nil: the node fetches it from the store.
    package var agentImage: String?
    var imagePullPolicy: String?
    var imagePullSecrets: [String] = []
    var serviceAccount: String?
    /// Secrets of the namespace whose fields become variables.
    var secrets: [String] = []
    var nodeSelector: [String: String] = [:]
    var tolerations: [JSONValue] = []
    var labels: [String: String] = [:]
    var annotations: [String: String] = [:]
    /// MiB of disk.
    var disk: Int?
    /// The resource by which the cluster counts GPUs.
    var gpuResource = "nvidia.com/gpu"
    /// Amounts of other resources, by their names.
    var extendedResources: [String: String] = [:]
    /// MiB of `/dev/shm`.
    var sharedMemory: Int?
    /// MiB of a file system in memory, and its path.
    var temporaryFileSystem: Int?
    var temporaryPath = "/metaflow_temp"
    var hasTemporaryFolder = true
    /// Paths by the names of claims.
    var claims: [String: String] = [:]
    var port: Int?
    /// Limits are what is asked for: nothing else on the machine takes what is the node's.
    var isGuaranteed = false
    var securityContext: JSONValue?
    /// Kueue's queue.
    var queue: String?
    var schedulerName: String?
    var priorityClass: String?
    /// Processors, as Kubernetes writes them, and MiB of a node whose step does not say. Metaflow's amounts.
    var usual = (cpus: "1", memory: 4096)
    /// A pod whose fields come in addition.
    var template: JSONValue?

    package static let names = [
        "image", "registry", "agent_image", "image_pull_policy", "image_pull_secrets", "service_account", "secrets",
        "node_selector", "namespace", "gpu_vendor", "tolerations", "labels", "annotations", "disk", "use_tmpfs",
        "tmpfs_tempdir", "tmpfs_size", "tmpfs_path", "persistent_volume_claims", "shared_memory", "port",
        "compute_pool", "executable", "hostname_resolution_timeout", "qos", "extended_resources", "security_context",
        "queue", "scheduler_name", "priority_class", "pod_template", "queue_deadline",
        "default_cpu", "default_memory",
    ]

    /// Reads the decorator's options.
    /// - Throws: A ``BackendError`` that names the option.
    package init(_ options: [String: JSONValue], for launch: GangLaunch) throws(BackendError) {
        let values = OptionValues(options, of: "kubernetes")
        try values.checkNames(Self.names)
        self.image = ImageName.of(try values.text("image") ?? "", in: try values.text("registry"))
        self.agentImage = try values.text("agent_image")
        self.namespace = try values.text("namespace")
        self.imagePullPolicy = try values.choice("image_pull_policy", ["Always", "IfNotPresent", "Never"])
        self.imagePullSecrets = try values.list("image_pull_secrets")
        self.serviceAccount = try values.text("service_account")
        self.secrets = try values.list("secrets")
        self.nodeSelector = try values.table("node_selector")
        self.tolerations = try Self.tolerations(values)
        self.labels = try values.table("labels")
        self.annotations = try values.table("annotations")
        self.disk = try values.number("disk", 1...1 << 40)
        if let vendor = try values.text("gpu_vendor") {
            self.gpuResource = vendor.contains("/") ? vendor : "\(vendor.lowercased()).com/gpu"
        }
        self.extendedResources = try values.table("extended_resources")
        self.sharedMemory = try values.number("shared_memory", 1...1 << 30)
        self.temporaryPath = try values.text("tmpfs_path") ?? self.temporaryPath
        if let cpus = try Self.processors(values) { self.usual.cpus = cpus }
        self.usual.memory = try values.number("default_memory", 1...1 << 40) ?? self.usual.memory
        let size = try values.number("tmpfs_size", 1...1 << 30)
        if try values.truth("use_tmpfs") ?? (size != nil) {
            // Half of the node's memory, as in Metaflow.
            self.temporaryFileSystem = size ?? max(1, self.memory(of: launch) / 2)
        }
        self.hasTemporaryFolder = try values.truth("tmpfs_tempdir") ?? true
        self.claims = try values.table("persistent_volume_claims")
        self.port = try values.number("port", 1...65535)
        self.isGuaranteed = try values.choice("qos", ["guaranteed", "burstable"]) == "guaranteed"
        self.securityContext = try Self.securityContext(values)
        self.queue = try values.text("queue")
        self.schedulerName = try values.text("scheduler_name")
        self.priorityClass = try values.text("priority_class")
        self.template = try Self.template(values)
        // The gang's own rules keep it; here it is only checked.
        _ = try values.minutes("queue_deadline")
        guard !self.image.isEmpty else {
            throw values.wrong(
                "there is no image: say @kubernetes(image=…), or set kubernetes.image or METAFLOW_KUBERNETES_CONTAINER_IMAGE to one that has what the steps need"
            )
        }
        for path in self.claims.values where !path.hasPrefix("/") {
            throw values.wrong("@kubernetes(persistent_volume_claims) has the path '\(path)'; it has to begin with /")
        }
    }

    /// `2`, `0.5` or `500m`.
    private static func processors(_ values: OptionValues) throws(BackendError) -> String? {
        guard let text = try values.text("default_cpu") else { return nil }
        guard let amount = Double(text.hasSuffix("m") ? String(text.dropLast()) : text), amount > 0, amount < 1e6 else {
            throw values.wrong(
                "kubernetes.cpu is '\(text)'; it has to be an amount of processors such as 2, 0.5 or 500m")
        }
        return text
    }

    /// Processors that each node of `launch` asks for, as Kubernetes writes them, and how many whole ones it may count on.
    func cpus(of launch: GangLaunch) -> (asked: String, whole: Int) {
        if let cpus = launch.resources?.cpu { return ("\(max(1, cpus))", max(1, cpus)) }
        let isThousandths = self.usual.cpus.hasSuffix("m")
        let amount = Double(isThousandths ? String(self.usual.cpus.dropLast()) : self.usual.cpus) ?? 1
        return (self.usual.cpus, max(1, Int(isThousandths ? amount / 1000 : amount)))
    }

    /// MiB that each node of `launch` asks for.
    func memory(of launch: GangLaunch) -> Int {
        guard let memory = launch.resources?.memory, memory > 0 else { return self.usual.memory }
        return max(1, (memory + (1 << 20) - 1) >> 20)
    }

    /// Tolerations as Kubernetes or Metaflow spells their fields, as a list or as a text of JSON.
    private static func tolerations(_ values: OptionValues) throws(BackendError) -> [JSONValue] {
        guard let given = try self.structure(values, "tolerations") else { return [] }
        guard case .array(let list) = given else { throw values.wrong("@kubernetes(tolerations) has to be a list") }
        var tolerations: [JSONValue] = []
        for each in list {
            guard case .object(let fields) = each else {
                throw values.wrong("@kubernetes(tolerations) has to be a list of tables, such as {\"key\": \"gpu\"}")
            }
            tolerations.append(.object(self.camelCased(fields)))
        }
        return tolerations
    }

    private static func securityContext(_ values: OptionValues) throws(BackendError) -> JSONValue? {
        guard let given = try self.structure(values, "security_context") else { return nil }
        guard case .object(let fields) = given else {
            throw values.wrong("@kubernetes(security_context) has to be a table")
        }
        return .object(self.camelCased(fields))
    }

    /// `run_as_user` is `runAsUser`.
    private static func camelCased(_ fields: [String: JSONValue]) -> [String: JSONValue] {
        Dictionary(
            fields.map { name, value in
                let parts = name.split(separator: "_")
                let rest = parts.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
                return (String(parts.first ?? "") + rest, value)
            }
        ) { $1 }
    }

    /// A value with parts, which the command line and variables give as a text of JSON or YAML.
    private static func structure(_ values: OptionValues, _ name: String) throws(BackendError) -> JSONValue? {
        guard case .string(let text)? = values[name] else { return values[name] }
        guard !text.isEmpty else { return nil }
        do {
            return try YAMLDecoder().decode(JSONValue.self, from: text)
        } catch {
            throw values.wrong("@kubernetes(\(name)) is neither JSON nor YAML: \(error)")
        }
    }

    private static func template(_ values: OptionValues) throws(BackendError) -> JSONValue? {
        guard let given = try self.structure(values, "pod_template") else { return nil }
        guard case .object = given else { throw values.wrong("@kubernetes(pod_template) has to be a pod in YAML") }
        return given
    }
}

extension OptionValues {
    fileprivate func choice(_ name: String, _ choices: [String]) throws(BackendError) -> String? {
        guard let text = try self.text(name) else { return nil }
        guard let choice = choices.first(where: { $0.lowercased() == text.lowercased() }) else {
            throw self.wrong(
                "@kubernetes(\(name)) is '\(text)'; it has to be one of \(choices.joined(separator: ", "))")
        }
        return choice
    }
}
