public import MusterModel

/// The step runs as pods of Kubernetes, one for each node of its gang.
///
/// Of `@Resources` and these amounts the larger count, for each node. Where no cluster is known the step runs where the run
/// does, and these options do not count. The page `Documentation/Kubernetes.md` explains each option.
@attached(peer)
public macro Kubernetes(
    image: String? = nil, namespace: String? = nil, cpu: Int? = nil, gpu: Int? = nil, memory: ByteCount? = nil,
    disk: ByteCount? = nil, serviceAccount: String? = nil, secrets: [String] = [],
    nodeSelector: [String: String] = [:], tolerations: [[String: String]] = [], labels: [String: String] = [:],
    annotations: [String: String] = [:], sharedMemory: ByteCount? = nil, volumes: [String: String] = [:],
    gpuVendor: String? = nil, extendedResources: [String: Int] = [:], imagePullPolicy: String? = nil,
    imagePullSecrets: [String] = [], isGuaranteed: Bool? = nil, priorityClass: String? = nil, queue: String? = nil,
    schedulerName: String? = nil, podTemplate: String? = nil, queueDeadline: Double? = nil
) = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute `@Kubernetes`.
public struct Kubernetes: Decorator {
    public static var name: String { "kubernetes" }
    /// Those that are given, by the names that the place knows.
    public var options: [String: JSONValue]
    private let resources: MusterModel.Resources?

    /// - Parameters:
    ///   - secrets: Secrets of the namespace whose fields become variables.
    ///   - tolerations: Taints of machines that do not keep pods away, as `["key": "gpu", "operator": "Exists"]`.
    ///   - sharedMemory: Of `/dev/shm`.
    ///   - volumes: Paths by the names of claims of volumes.
    ///   - gpuVendor: `nvidia`, which is usual, `amd`, or the name of a resource.
    ///   - isGuaranteed: A node's processors and memory are also its limits.
    ///   - queue: Of Kueue.
    ///   - podTemplate: A pod in YAML, whose fields come in addition.
    ///   - queueDeadline: Minutes that the job may wait.
    public init(
        image: String? = nil, namespace: String? = nil, cpu: Int? = nil, gpu: Int? = nil, memory: ByteCount? = nil,
        disk: ByteCount? = nil, serviceAccount: String? = nil, secrets: [String] = [],
        nodeSelector: [String: String] = [:], tolerations: [[String: String]] = [], labels: [String: String] = [:],
        annotations: [String: String] = [:], sharedMemory: ByteCount? = nil, volumes: [String: String] = [:],
        gpuVendor: String? = nil, extendedResources: [String: Int] = [:], imagePullPolicy: String? = nil,
        imagePullSecrets: [String] = [], isGuaranteed: Bool? = nil, priorityClass: String? = nil,
        queue: String? = nil, schedulerName: String? = nil, podTemplate: String? = nil, queueDeadline: Double? = nil
    ) {
        let texts = [
            "image": image, "namespace": namespace, "service_account": serviceAccount, "gpu_vendor": gpuVendor,
            "image_pull_policy": imagePullPolicy, "priority_class": priorityClass, "queue": queue,
            "scheduler_name": schedulerName, "pod_template": podTemplate,
            "qos": isGuaranteed.map { $0 ? "guaranteed" : "burstable" },
        ]
        var options = texts.compactMapValues { $0.map(JSONValue.string) }
        for (name, amount) in [("shared_memory", sharedMemory), ("disk", disk)] {
            options[name] = amount.map { .int(max(1, $0.bytes >> 20)) }
        }
        for (name, list) in [("secrets", secrets), ("image_pull_secrets", imagePullSecrets)] where !list.isEmpty {
            options[name] = .array(list.map(JSONValue.string))
        }
        let tables = [
            ("node_selector", nodeSelector), ("labels", labels), ("annotations", annotations),
            ("persistent_volume_claims", volumes), ("extended_resources", extendedResources.mapValues { "\($0)" }),
        ]
        for (name, table) in tables where !table.isEmpty { options[name] = .object(table.mapValues(JSONValue.string)) }
        if !tolerations.isEmpty {
            options["tolerations"] = .array(tolerations.map { .object($0.mapValues(JSONValue.string)) })
        }
        options["queue_deadline"] = queueDeadline.map(JSONValue.double)
        self.options = options
        let asks = cpu != nil || gpu != nil || memory != nil
        self.resources =
            asks ? MusterModel.Resources(cpu: cpu ?? 1, gpu: gpu ?? 0, memory: memory?.bytes ?? 0) : nil
    }

    public func apply(to settings: inout StepSettings) {
        settings.place = PlaceSettings(name: Self.name, options: self.options)
        if let resources = self.resources { settings.elsewhere = resources }
    }
}
