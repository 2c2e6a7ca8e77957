/// Times and bounds for places with a queue. All times are seconds.
package struct QueueSettings: Sendable, Equatable {
    /// For all nodes of a job that runs to come to the rendezvous.
    package var rendezvousDeadline = 300.0
    /// Between two looks at all jobs of a run.
    package var lookInterval = 10.0
    /// The same once nothing has changed for ten minutes.
    package var quietLookInterval = 30.0
    /// Jobs that may be submitted at once, before ``submissionInterval`` counts.
    package var submissionBurst = 20
    /// Between two submissions after that.
    package var submissionInterval = 1.0
    /// For which submissions that fail are repeated.
    package var submissionDeadline = 1800.0
    /// For a job to wait in the queue; nil: for ever.
    package var waitDeadline: Double?
    /// For some nodes to hold machines while others have none, at a place that gives them one by one.
    package var placementDeadline = 240.0
    /// After its first task has begun, in which a job of one node is given further tasks that ask for the same; 0: never.
    package var reuseWindow = 60.0
    /// The nodes see the store's folder; false: nothing but the bucket that the store is in.
    package var sharesFolder = true

    package init() {}
}

/// How Slurm's commands are called, and what every job of it asks for unless its step says otherwise.
package struct SlurmSettings: Sendable, Equatable {
    /// The host on which Slurm's commands are called, by the user's own `ssh`; nil: here.
    package var ssh: String?
    /// Seconds for a command that asks.
    package var commandTimeout = 30.0
    /// Seconds for `sbatch`: a busy controller lets it wait.
    package var submissionTimeout = 60.0
    package var partition: String?
    package var account: String?
    package var qos: String?
    package var constraint: String?
    /// `--time`, in Slurm's own words.
    package var time: String?
    /// The interface or network whose addresses come first.
    package var network: String?

    package init() {}

    /// The options of `@Slurm` that are set, by their names.
    package var options: [String: JSONValue] {
        let texts = [
            "partition": self.partition, "account": self.account, "qos": self.qos, "constraint": self.constraint,
            "time": self.time, "network": self.network,
        ]
        return texts.compactMapValues { $0.map { .string($0) } }
    }
}

/// The job queue, the image and the roles of AWS Batch, unless a step says otherwise.
package struct BatchSettings: Sendable, Equatable {
    package var queue: String?
    package var image: String?
    /// Stands before images that name none.
    package var registry: String?
    /// The role of the programs in a container, as an ARN.
    package var jobRole: String?
    /// The role with which images are pulled, as an ARN; Fargate needs one.
    package var executionRole: String?
    package var share: String?

    package init() {}

    /// The options of `@Batch` that are set, by their names.
    package var options: [String: JSONValue] {
        let texts = [
            "queue": self.queue, "image": self.image, "registry": self.registry, "iam_role": self.jobRole,
            "execution_role": self.executionRole, "share_identifier": self.share,
        ]
        return texts.compactMapValues { $0.map { .string($0) } }
    }
}

/// The cluster of Kubernetes, and what every pod of it has unless its step says otherwise. Lists and tables are texts with
/// commas between, or JSON, as Metaflow's variables have them.
package struct KubernetesSettings: Sendable, Equatable {
    /// Of kubectl's configuration; nil: the current one.
    package var context: String?
    package var namespace: String?
    package var image: String?
    /// Stands before images that name none.
    package var registry: String?
    /// The image that holds the agent; nil: nodes fetch it from the store.
    package var agentImage: String?
    package var serviceAccount: String?
    package var secrets: String?
    package var nodeSelector: String?
    package var tolerations: String?
    package var labels: String?
    package var annotations: String?
    package var claims: String?
    package var gpuVendor: String?
    package var imagePullPolicy: String?
    package var imagePullSecrets: String?
    /// MiB.
    package var sharedMemory: String?
    package var disk: String?
    package var cpu: String?
    package var memory: String?
    package var qos: String?
    package var port: String?
    /// Kueue's queue.
    package var queue: String?
    /// A file with a pod in YAML.
    package var podTemplate: String?

    package init() {}

    /// The options of `@Kubernetes` that are set, by their names.
    package var options: [String: JSONValue] {
        let texts = [
            "namespace": self.namespace, "image": self.image, "registry": self.registry, "agent_image": self.agentImage,
            "service_account": self.serviceAccount, "secrets": self.secrets, "node_selector": self.nodeSelector,
            "tolerations": self.tolerations, "labels": self.labels, "annotations": self.annotations,
            "persistent_volume_claims": self.claims, "gpu_vendor": self.gpuVendor,
            "image_pull_policy": self.imagePullPolicy, "image_pull_secrets": self.imagePullSecrets,
            "shared_memory": self.sharedMemory, "disk": self.disk, "default_cpu": self.cpu,
            "default_memory": self.memory, "qos": self.qos, "port": self.port, "queue": self.queue,
        ]
        return texts.compactMapValues { $0.map { .string($0) } }
    }
}
