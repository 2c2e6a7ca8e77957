public import MusterModel

/// The step runs as a job of AWS Batch: a multi-node job for its gang, a container job for one node.
///
/// Of `@Resources` and these amounts the larger count, for each node. Where no job queue is set the step runs where the run
/// does, and these options do not count. The page `Documentation/Batch.md` explains each option.
@attached(peer)
public macro Batch(
    queue: String? = nil, image: String? = nil, cpu: Int? = nil, gpu: Int? = nil, memory: ByteCount? = nil,
    jobRole: String? = nil, executionRole: String? = nil, sharedMemory: ByteCount? = nil,
    hostVolumes: [String] = [], efsVolumes: [String] = [], efa: Int? = nil, instanceType: String? = nil,
    isPrivileged: Bool? = nil, isFargate: Bool? = nil, tags: [String: String] = [:], share: String? = nil,
    priority: Int? = nil, queueDeadline: Double? = nil
) = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute `@Batch`.
public struct Batch: Decorator {
    public static var name: String { "batch" }
    /// Those that are given, by the names that the place knows.
    public var options: [String: JSONValue]
    private let resources: MusterModel.Resources?

    /// - Parameters:
    ///   - jobRole: The ARN of the role of the programs in the container.
    ///   - executionRole: The ARN of the role with which images are pulled; Fargate needs one.
    ///   - sharedMemory: Of `/dev/shm`.
    ///   - hostVolumes: `/data`, or `/host:/container`.
    ///   - efsVolumes: `fs-0123`, or `fs-0123:/data`.
    ///   - efa: Network devices of the kind EFA.
    ///   - share: The share of the queue that the job counts for.
    ///   - priority: Within its share.
    ///   - queueDeadline: Minutes that the job may wait.
    public init(
        queue: String? = nil, image: String? = nil, cpu: Int? = nil, gpu: Int? = nil, memory: ByteCount? = nil,
        jobRole: String? = nil, executionRole: String? = nil, sharedMemory: ByteCount? = nil,
        hostVolumes: [String] = [], efsVolumes: [String] = [], efa: Int? = nil, instanceType: String? = nil,
        isPrivileged: Bool? = nil, isFargate: Bool? = nil, tags: [String: String] = [:], share: String? = nil,
        priority: Int? = nil, queueDeadline: Double? = nil
    ) {
        let texts = [
            "queue": queue, "image": image, "iam_role": jobRole, "execution_role": executionRole,
            "instance_type": instanceType, "share_identifier": share,
        ]
        var options = texts.compactMapValues { $0.map(JSONValue.string) }
        options["shared_memory"] = sharedMemory.map { .int(max(1, $0.bytes >> 20)) }
        options["efa"] = efa.map(JSONValue.int)
        options["scheduling_priority"] = priority.map(JSONValue.int)
        options["privileged"] = isPrivileged.map(JSONValue.bool)
        options["fargate"] = isFargate.map(JSONValue.bool)
        options["queue_deadline"] = queueDeadline.map(JSONValue.double)
        for (name, texts) in [("host_volumes", hostVolumes), ("efs_volumes", efsVolumes)] where !texts.isEmpty {
            options[name] = .array(texts.map(JSONValue.string))
        }
        if !tags.isEmpty { options["aws_batch_tags"] = .object(tags.mapValues(JSONValue.string)) }
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
