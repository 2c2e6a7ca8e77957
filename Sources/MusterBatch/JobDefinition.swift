import Crypto
import FoundationEssentials
import MusterBackends
import MusterModel
import MusterSystem

/// The form of a gang's nodes as AWS Batch keeps it. Gangs of equal nodes share one, whatever their size.
///
/// AWS removes no definition, so that its name is that of its content, and it is looked for before it is registered.
struct JobDefinition: Codable, Sendable, Hashable {
    var jobDefinitionName = ""
    var type: String
    var containerProperties: Container?
    var nodeProperties: Nodes?
    var platformCapabilities: [String]?
    var propagateTags = true

    struct Nodes: Codable, Sendable, Hashable {
        var numNodes: Int
        var mainNode = 0
        var nodeRangeProperties: [Range]

        struct Range: Codable, Sendable, Hashable {
            var targetNodes: String
            var container: Container
        }
    }

    /// The properties of a container, in AWS's words.
    struct Container: Codable, Sendable, Hashable {
        var image: String
        var command: [String]
        var jobRoleArn: String?
        var executionRoleArn: String?
        var environment: [Variable] = []
        var resourceRequirements: [Requirement]
        var linuxParameters: Linux?
        var mountPoints: [MountPoint] = []
        var volumes: [Volume] = []
        var ulimits: [Limit] = []
        var privileged: Bool?
        var instanceType: String?
        var logConfiguration: Log?
        var networkConfiguration: Network?
        var fargatePlatformConfiguration: Platform?
        var ephemeralStorage: Storage?
    }

    struct Variable: Codable, Sendable, Hashable {
        var name: String
        var value: String
    }

    struct Requirement: Codable, Sendable, Hashable {
        var type: String
        var value: String
    }

    struct Linux: Codable, Sendable, Hashable {
        var initProcessEnabled: Bool?
        var sharedMemorySize: Int?
        var maxSwap: Int?
        var swappiness: Int?
        var devices: [Device]?
        var tmpfs: [MemoryFileSystem]?
    }

    struct Device: Codable, Sendable, Hashable {
        var hostPath: String
        var containerPath: String
        var permissions = ["READ", "WRITE"]
    }

    struct MemoryFileSystem: Codable, Sendable, Hashable {
        var containerPath: String
        var size: Int
        var mountOptions: [String]
    }

    struct MountPoint: Codable, Sendable, Hashable {
        var sourceVolume: String
        var containerPath: String
    }

    struct Volume: Codable, Sendable, Hashable {
        var name: String
        var host: Host?
        var efsVolumeConfiguration: FileSystem?

        struct Host: Codable, Sendable, Hashable { var sourcePath: String }
        struct FileSystem: Codable, Sendable, Hashable {
            var fileSystemId: String
            var transitEncryption = "ENABLED"
        }
    }

    struct Limit: Codable, Sendable, Hashable {
        var name: String
        var softLimit: Int
        var hardLimit: Int
    }

    struct Log: Codable, Sendable, Hashable {
        var logDriver: String
        var options: [String: String]
    }

    struct Network: Codable, Sendable, Hashable { var assignPublicIp = "ENABLED" }
    struct Platform: Codable, Sendable, Hashable { var platformVersion = "LATEST" }
    struct Storage: Codable, Sendable, Hashable { var sizeInGiB: Int }
}

extension JobDefinition {
    /// Bytes that AWS takes.
    private static let largest = 24 << 10
    /// A multi-node job has two nodes at least; the submission says how many.
    private static let leastNodes = 2

    /// The form of the nodes of `launch`.
    /// - Throws: A ``BackendError`` for what AWS would refuse.
    init(_ launch: GangLaunch, _ options: BatchOptions, command: [String]) throws(BackendError) {
        let container = Container(launch, options, command: command)
        if launch.nodes == 1 {
            self.init(
                type: "container", containerProperties: container,
                platformCapabilities: [options.isFargate ? "FARGATE" : "EC2"])
        } else {
            guard !options.isFargate else {
                throw .batch("multi-node jobs of AWS Batch do not run on Fargate: name a queue of EC2 instances")
            }
            self.init(
                type: "multinode",
                nodeProperties: Nodes(
                    numNodes: Self.leastNodes, nodeRangeProperties: [.init(targetNodes: "0:", container: container)]))
        }
        let text = try Self.encoded(self)
        guard text.count <= Self.largest else {
            throw .batch("the job definition has \(text.count) bytes; AWS Batch takes \(Self.largest)")
        }
        self.jobDefinitionName = "muster-\(Hexadecimal.text(SHA256.hash(data: text)).prefix(26))"
    }

    /// Equal values have equal texts.
    static func encoded(_ value: some Encodable) throws(BackendError) -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return try encoder.encode(value)
        } catch {
            throw BackendError(code: .refused, message: "the request cannot be written: \(error)", isTransient: false)
        }
    }
}

extension JobDefinition.Container {
    init(_ launch: GangLaunch, _ options: BatchOptions, command: [String]) {
        let cpus = max(1, launch.resources?.cpu ?? 1)
        let memory = NodeMemory.of(launch)
        let gpus = launch.resources?.gpu ?? 0
        self.init(
            image: options.image, command: command, jobRoleArn: options.jobRole,
            executionRoleArn: options.executionRole,
            environment: [
                .init(name: "MUSTER_NODE_CPUS", value: "\(cpus)"), .init(name: "MUSTER_NODE_GPUS", value: "\(gpus)"),
                .init(name: "MUSTER_NODE_MEMORY", value: "\(memory << 20)"),
                .init(name: "MUSTER_ECHO", value: "1"),
            ],
            resourceRequirements: [
                .init(type: "VCPU", value: "\(cpus)"), .init(type: "MEMORY", value: "\(memory)"),
            ] + (gpus > 0 ? [.init(type: "GPU", value: "\(gpus)")] : []))
        self.linuxParameters = options.isFargate ? nil : JobDefinition.Linux(options)
        self.privileged = options.isPrivileged ? true : nil
        self.instanceType = launch.nodes > 1 ? options.instanceType : nil
        if options.logDriver != nil || !options.logOptions.isEmpty {
            self.logConfiguration = .init(logDriver: options.logDriver ?? "awslogs", options: options.logOptions)
        }
        if options.efa > 0 {
            // Libfabric pins the memory that it sends from.
            self.ulimits = [.init(name: "memlock", softLimit: -1, hardLimit: -1)]
        }
        if options.isFargate {
            self.networkConfiguration = .init()
            self.fargatePlatformConfiguration = .init()
            self.ephemeralStorage = options.ephemeralStorage.map { .init(sizeInGiB: $0) }
        }
        for (index, volume) in options.hostVolumes.enumerated() { self.mount(volume, "host\(index)") }
        for (index, system) in options.fileSystems.enumerated() { self.mount(system, "efs\(index)") }
        if options.temporaryFileSystem != nil, options.hasTemporaryFolder {
            self.environment.append(.init(name: "TMPDIR", value: options.temporaryPath))
        }
    }

    private mutating func mount(_ volume: BatchOptions.HostVolume, _ name: String) {
        self.volumes.append(.init(name: name, host: .init(sourcePath: volume.host)))
        self.mountPoints.append(.init(sourceVolume: name, containerPath: volume.container))
    }

    private mutating func mount(_ system: BatchOptions.FileSystem, _ name: String) {
        self.volumes.append(.init(name: name, efsVolumeConfiguration: .init(fileSystemId: system.id)))
        self.mountPoints.append(.init(sourceVolume: name, containerPath: system.container))
    }
}

extension JobDefinition.Linux {
    init(_ options: BatchOptions) {
        // Its process 1 reaps what others leave, as an agent that is process 1 would have to.
        self.init(initProcessEnabled: true)
        self.sharedMemorySize = options.sharedMemory
        self.maxSwap = options.maxSwap
        self.swappiness = options.swappiness
        let neurons = (0..<options.inferentia).map { "/dev/neuron\($0)" }
        let adapters = (0..<options.efa).map { "/dev/infiniband/uverbs\($0)" }
        let devices = (neurons + adapters).map { JobDefinition.Device(hostPath: $0, containerPath: $0) }
        self.devices = devices.isEmpty ? nil : devices
        self.tmpfs = options.temporaryFileSystem.map {
            [
                .init(
                    containerPath: options.temporaryPath, size: $0,
                    mountOptions: ["rw", "nosuid", "nodev", "size=\($0)m"])
            ]
        }
    }
}

/// The memory of a node.
enum NodeMemory {
    /// AWS Batch wants an amount of every container. 4 GiB is what Metaflow asks for.
    private static let usual = 4096

    /// MiB that each node of `launch` asks for.
    static func of(_ launch: GangLaunch) -> Int {
        guard let memory = launch.resources?.memory, memory > 0 else { return self.usual }
        return max(4, (memory + (1 << 20) - 1) >> 20)
    }
}
