import FoundationEssentials
package import MusterBackends
package import MusterModel

/// The options of `@Batch`, checked where they enter. Names are Metaflow's.
package struct BatchOptions: Sendable, Hashable {
    package var queue = ""
    package var image = ""
    /// The role of the programs in the container.
    package var jobRole: String?
    /// The role with which images are pulled and logs are written.
    package var executionRole: String?
    /// MiB of `/dev/shm`.
    var sharedMemory: Int?
    /// MiB of swap, and how readily it is used.
    var maxSwap: Int?
    var swappiness: Int?
    var inferentia = 0
    /// Network devices of the kind EFA.
    var efa = 0
    var hostVolumes: [HostVolume] = []
    var fileSystems: [FileSystem] = []
    /// MiB of a file system in memory, and its path.
    var temporaryFileSystem: Int?
    var temporaryPath = "/metaflow_temp"
    /// GiB of disk, on Fargate alone.
    var ephemeralStorage: Int?
    var logDriver: String?
    var logOptions: [String: String] = [:]
    var isPrivileged = false
    package var tags: [String: String] = [:]
    package var isFargate = false
    var instanceType: String?
    /// The share of the queue that the job counts for, and its priority within it.
    package var share: String?
    package var priority: Int?

    struct HostVolume: Sendable, Hashable {
        var host: String
        var container: String
    }

    /// A file system of EFS.
    struct FileSystem: Sendable, Hashable {
        var id: String
        var container: String
    }

    package static let names = [
        "queue", "image", "registry", "iam_role", "execution_role", "shared_memory", "max_swap", "swappiness",
        "inferentia",
        "trainium", "efa", "host_volumes", "efs_volumes", "use_tmpfs", "tmpfs_tempdir", "tmpfs_size", "tmpfs_path",
        "ephemeral_storage", "log_driver", "log_options", "privileged", "aws_batch_tags", "executable", "fargate",
        "instance_type", "share_identifier", "scheduling_priority", "queue_deadline",
    ]

    /// Reads the decorator's options.
    /// - Parameter memory: MiB of a node, of which a file system in memory takes half unless its size is given.
    /// - Throws: A ``BackendError`` that names the option.
    package init(_ options: [String: JSONValue], memory: Int) throws(BackendError) {
        let values = OptionValues(options, of: "batch")
        try values.checkNames(Self.names)
        self.queue = try values.text("queue") ?? ""
        self.image = ImageName.of(try values.text("image") ?? "", in: try values.text("registry"))
        self.jobRole = try values.text("iam_role")
        self.executionRole = try values.text("execution_role")
        self.sharedMemory = try values.number("shared_memory", 1...1 << 30)
        self.maxSwap = try values.number("max_swap", 0...1 << 30)
        self.swappiness = try values.number("swappiness", 0...100)
        // The two are devices of one kind to the kernel; Metaflow takes either name.
        for name in ["trainium", "inferentia"] { self.inferentia = try values.number(name, 0...64) ?? self.inferentia }
        self.efa = try values.number("efa", 0...32) ?? 0
        for text in try values.list("host_volumes") { self.hostVolumes.append(try Self.volume(text)) }
        for text in try values.list("efs_volumes") { self.fileSystems.append(try Self.fileSystem(text)) }
        self.temporaryPath = try values.text("tmpfs_path") ?? self.temporaryPath
        let size = try values.number("tmpfs_size", 1...1 << 30)
        if try values.truth("use_tmpfs") ?? (size != nil) { self.temporaryFileSystem = size ?? max(1, memory / 2) }
        self.hasTemporaryFolder = try values.truth("tmpfs_tempdir") ?? true
        self.ephemeralStorage = try values.number("ephemeral_storage", 21...200)
        self.logDriver = try values.text("log_driver")
        self.logOptions = try values.table("log_options")
        self.isPrivileged = try values.truth("privileged") ?? false
        self.tags = try values.table("aws_batch_tags")
        self.isFargate = try values.truth("fargate") ?? false
        self.instanceType = try values.text("instance_type")
        self.share = try values.text("share_identifier")
        self.priority = try values.number("scheduling_priority", 0...9999)
        // The gang's own rules keep it; here it is only checked.
        _ = try values.minutes("queue_deadline")
        try self.check(values)
    }

    /// The file system in memory is the folder for temporary files.
    var hasTemporaryFolder = true

    private func check(_ values: OptionValues) throws(BackendError) {
        guard !self.queue.isEmpty else {
            throw .batch(
                "there is no job queue: say @batch(queue=…), or set batch.queue or METAFLOW_BATCH_JOB_QUEUE")
        }
        guard !self.image.isEmpty else {
            throw .batch(
                "there is no image: say @batch(image=…), or set batch.image or METAFLOW_BATCH_CONTAINER_IMAGE to one that has what the steps need"
            )
        }
        guard self.image.utf8.count <= 255 else {
            throw .batch("the image's name has \(self.image.utf8.count) characters; AWS Batch takes 255")
        }
        if self.isFargate, self.inferentia > 0 || self.efa > 0 || self.isPrivileged || !self.hostVolumes.isEmpty {
            throw .batch("Fargate has no devices, no volumes of its hosts and no privileged containers")
        }
        if self.isFargate, self.executionRole == nil {
            throw .batch(
                "Fargate needs a role to pull images with: say @batch(execution_role=…), or set batch.execution-role")
        }
        if self.ephemeralStorage != nil, !self.isFargate {
            throw .batch("@batch(ephemeral_storage=…) counts on Fargate alone")
        }
    }

    /// `/data`, or `/host:/container`.
    private static func volume(_ text: String) throws(BackendError) -> HostVolume {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, parts.allSatisfy({ $0.hasPrefix("/") }), let host = parts.first,
            let container = parts.last
        else {
            throw .batch("@batch(host_volumes) is '\(text)'; it has to be a path, or HOST:CONTAINER of two paths")
        }
        return HostVolume(host: host, container: container)
    }

    /// `fs-0123`, which is mounted at `/mnt/fs-0123`, or `fs-0123:/data`.
    private static func fileSystem(_ text: String) throws(BackendError) -> FileSystem {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2, let id = parts.first, id.hasPrefix("fs-"),
            parts.count == 1 || parts[1].hasPrefix("/")
        else { throw .batch("@batch(efs_volumes) is '\(text)'; it has to be fs-ID, or fs-ID:PATH") }
        return FileSystem(id: id, container: parts.count == 2 ? parts[1] : "/mnt/\(id)")
    }
}

extension BackendError {
    static func batch(_ message: String) -> BackendError {
        BackendError(code: .options, message: message, isTransient: false)
    }
}
