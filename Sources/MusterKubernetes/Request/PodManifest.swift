import MusterBackends
import MusterModel

/// The pod of one node.
enum PodManifest {
    /// The folder that all of a pod's containers have in common: the agent, and what is temporary.
    static let folder = "/muster"
    /// The agent, where it comes from an image of its own.
    package static let agent = "\(folder)/muster-agent"
    static let key = "/var/run/muster"
    /// Seconds between SIGTERM and SIGKILL.
    private static let grace = 20

    /// - Throws: A ``BackendError`` for a template that changes what Muster needs.
    static func pod(_ launch: GangLaunch, _ options: KubernetesOptions) throws(BackendError) -> [String: JSONValue] {
        var specification: [String: JSONValue] = [
            "restartPolicy": "Never", "terminationGracePeriodSeconds": .int(self.grace), "enableServiceLinks": false,
            "containers": .array([.object(self.container(launch, options))]),
            "volumes": .array(self.volumes(launch, options)),
            // Muster itself ends the gang of a lost machine within seconds; the cluster need not keep its pods for minutes.
            "tolerations": .array(
                options.tolerations + [
                    self.toleration("node.kubernetes.io/not-ready"), self.toleration("node.kubernetes.io/unreachable"),
                ]),
        ]
        // Its token is of use to the step alone where it has been given an account.
        if options.serviceAccount == nil { specification["automountServiceAccountToken"] = false }
        specification["serviceAccountName"] = options.serviceAccount.map(JSONValue.string)
        specification["schedulerName"] = options.schedulerName.map(JSONValue.string)
        specification["priorityClassName"] = options.priorityClass.map(JSONValue.string)
        specification["activeDeadlineSeconds"] = launch.timeLimit.map { .int(Int(min(max($0, 1), 1e9).rounded(.up))) }
        if !options.nodeSelector.isEmpty { specification["nodeSelector"] = .texts(options.nodeSelector) }
        if !options.imagePullSecrets.isEmpty {
            specification["imagePullSecrets"] = .array(options.imagePullSecrets.map { ["name": .string($0)] })
        }
        if let image = options.agentImage {
            specification["initContainers"] = [.object(self.installer(image, options))]
        }
        var labels = options.labels.mapValues(GangLabels.value).merging(GangLabels.of(launch)) { $1 }
        labels["kueue.x-k8s.io/queue-name"] = options.queue
        var annotations = options.annotations
        annotations["muster.dev/pathspec"] =
            "\(launch.attempt.flow)/\(launch.attempt.run)/\(launch.attempt.step)/\(launch.attempt.task)"
        let pod: [String: JSONValue] = [
            "apiVersion": "v1", "kind": "Pod",
            "metadata": ["labels": .texts(labels), "annotations": .texts(annotations)],
            "spec": .object(specification),
        ]
        return try PodTemplate.merged(pod, with: options.template)
    }

    private static func toleration(_ key: String) -> JSONValue {
        ["key": .string(key), "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30]
    }

    private static func container(_ launch: GangLaunch, _ options: KubernetesOptions) -> [String: JSONValue] {
        let cpus = options.cpus(of: launch)
        let gpus = launch.resources?.gpu ?? 0
        let memory = options.memory(of: launch)
        var variables: [JSONValue] = [
            .variable("MUSTER_NODE_COUNT", "\(launch.nodes)"), .variable("MUSTER_NODE_CPUS", "\(cpus.whole)"),
            .variable("MUSTER_NODE_GPUS", "\(gpus)"), .variable("MUSTER_NODE_MEMORY", "\(memory << 20)"),
            .variable("MUSTER_ECHO", "1"), .variable("MUSTER_KEY_FILE", "\(self.key)/key"),
            .field("MUSTER_NODE_ADDRESS", "status.podIP"),
        ]
        let hasOwnTemporary = options.temporaryFileSystem != nil && options.hasTemporaryFolder
        variables.append(.variable("TMPDIR", hasOwnTemporary ? options.temporaryPath : self.folder))
        var container: [String: JSONValue] = [
            "name": .string(Pod.container), "image": .string(options.image),
            "command": .array(launch.command.map(JSONValue.string)), "env": .array(variables),
            "resources": self.resources(cpus: cpus.asked, gpus: gpus, memory: memory, options),
            "volumeMounts": .array(self.mounts(options)),
            // Why a container ended stands in its pod, where it can be read without another right.
            "terminationMessagePolicy": "FallbackToLogsOnError",
        ]
        container["imagePullPolicy"] = options.imagePullPolicy.map(JSONValue.string)
        container["securityContext"] = options.securityContext
        if !options.secrets.isEmpty {
            container["envFrom"] = .array(options.secrets.map { ["secretRef": ["name": .string($0)]] })
        }
        if let port = options.port { container["ports"] = [["containerPort": .int(port)]] }
        return container
    }

    /// Copies the agent into the folder that the node's container sees.
    private static func installer(_ image: String, _ options: KubernetesOptions) -> [String: JSONValue] {
        var container: [String: JSONValue] = [
            "name": "agent", "image": .string(image),
            "command": ["/muster-agent", "install", .string(self.agent)],
            "volumeMounts": [["name": "muster", "mountPath": .string(self.folder)]],
            "terminationMessagePolicy": "FallbackToLogsOnError",
        ]
        container["imagePullPolicy"] = options.imagePullPolicy.map(JSONValue.string)
        container["securityContext"] = options.securityContext
        return container
    }

    private static func resources(
        cpus: String, gpus: Int, memory: Int, _ options: KubernetesOptions
    ) -> JSONValue {
        var requests: [String: JSONValue] = ["cpu": .string(cpus), "memory": .string("\(memory)Mi")]
        requests["ephemeral-storage"] = options.disk.map { .string("\($0)Mi") }
        var devices = options.extendedResources.mapValues(JSONValue.string)
        if gpus > 0 { devices[options.gpuResource] = .string("\(gpus)") }
        // Of devices a limit is also what is asked for.
        let limits = options.isGuaranteed ? requests.merging(devices) { $1 } : devices
        return [
            "requests": .object(requests.merging(devices) { $1 }), "limits": .object(limits),
        ]
    }

    private static func mounts(_ options: KubernetesOptions) -> [JSONValue] {
        var mounts: [JSONValue] = [
            .mount("muster", self.folder),
            ["name": "key", "mountPath": .string(self.key), "readOnly": true],
        ]
        if options.sharedMemory != nil { mounts.append(.mount("shared-memory", "/dev/shm")) }
        if options.temporaryFileSystem != nil { mounts.append(.mount("memory", options.temporaryPath)) }
        for (index, claim) in options.claims.sorted(by: { $0.key < $1.key }).enumerated() {
            mounts.append(.mount("claim\(index)", claim.value))
        }
        return mounts
    }

    private static func volumes(_ launch: GangLaunch, _ options: KubernetesOptions) -> [JSONValue] {
        var volumes: [JSONValue] = [
            ["name": "muster", "emptyDir": [:]],
            // A user of the image's own, who may not be root, has to read it; no other pod sees it.
            ["name": "key", "secret": ["secretName": .string(launch.name), "defaultMode": .int(0o444)]],
        ]
        if let size = options.sharedMemory { volumes.append(.memory("shared-memory", size)) }
        if let size = options.temporaryFileSystem { volumes.append(.memory("memory", size)) }
        for (index, claim) in options.claims.sorted(by: { $0.key < $1.key }).enumerated() {
            volumes.append([
                "name": .string("claim\(index)"), "persistentVolumeClaim": ["claimName": .string(claim.key)],
            ])
        }
        return volumes
    }
}

extension JSONValue {
    static func texts(_ texts: [String: String]) -> JSONValue { .object(texts.mapValues(JSONValue.string)) }

    static func variable(_ name: String, _ value: String) -> JSONValue {
        ["name": .string(name), "value": .string(value)]
    }

    /// A variable whose value the pod alone knows.
    static func field(_ name: String, _ path: String) -> JSONValue {
        ["name": .string(name), "valueFrom": ["fieldRef": ["fieldPath": .string(path)]]]
    }

    static func mount(_ volume: String, _ path: String) -> JSONValue {
        ["name": .string(volume), "mountPath": .string(path)]
    }

    /// - Parameter size: MiB.
    static func memory(_ name: String, _ size: Int) -> JSONValue {
        ["name": .string(name), "emptyDir": ["medium": "Memory", "sizeLimit": .string("\(size)Mi")]]
    }
}
