import Foundation
import MusterAWS
import MusterBackends
import MusterBucket
import MusterCourier
import MusterModel
import MusterObjects
import MusterProcess
import MusterPython
import MusterS3
import MusterStore
import MusterSystem
import MusterWire

/// Stores the agent and the flow's code for nodes that see nothing but the bucket.
struct BucketNodes: Sendable {
    let layout: StoreLayout
    let objects: S3ObjectStore
    let settings: S3Settings
    let courier: BucketCourier

    /// - Returns: nil for a store in a folder.
    /// - Throws: `ObjectStoreError` for a bucket that cannot be one.
    init?(_ settings: Settings, _ layout: StoreLayout) throws {
        guard let address = BucketAddress(settings) else { return nil }
        let profiles = AWSProfiles(environment: ProcessEnvironment.texts)
        self.layout = layout
        self.settings = try S3Settings(bucket: address.bucket, prefix: address.prefix, profiles: profiles)
        self.objects = S3ObjectStore(self.settings, profiles: profiles)
        self.courier = BucketCourier(self.objects, near: layout)
    }

    /// Seconds for which the address of the agent is valid: the longest that S3 allows. A job that waits longer in its
    /// queue, or longer than the credentials of this machine are valid, cannot fetch it.
    private static let agentValidity = 604_800

    /// The address of the object with `key`, for a node.
    func address(of key: String) -> String { "\(ObjectAddress(key, of: self.settings))" }

    func orderAddress(of attempt: AttemptID) -> String {
        self.address(of: BucketLayout.attempt(attempt) + AttemptObject.order.name)
    }

    /// The command by which a node fetches the agent and becomes it, before the agent's verb.
    /// - Parameter isDry: Nothing is stored, and the address that lets anybody fetch the agent is not in the command.
    func agentCommand(of agent: String, isDry: Bool) async throws -> [String] {
        let file = try FileDigest(of: agent)
        let key = BucketLayout.agent(file.sha256)
        guard !isDry else { return AgentBootstrap.command(address: "ADDRESS", digest: file.sha256) }
        if try await self.objects.head(key)?.size != file.size {
            try await self.objects.upload(agent, to: key)
        }
        let address = try await self.objects.presignedGet(key, seconds: Self.agentValidity)
        return AgentBootstrap.command(address: address, digest: file.sha256)
    }

    /// Stores the flow program and what it needs.
    /// - Parameters:
    ///   - package: The digest of the flow's code package, which the bucket has.
    ///   - isDry: Nothing is stored.
    func code(_ program: [String], package: String, isDry: Bool) async throws -> CarriedCode {
        guard PythonFlow.file(of: program) != nil else {
            return CarriedCode(package: package, program: try await self.words(ofExecutable: program, isDry))
        }
        // The interpreter, the front end, the flow, and words for the front end.
        let frontEnd = program[1].hasSuffix(".py") ? Folder.parent(of: program[1]) : program[1]
        let packed = try CodePackage(folder: frontEnd).packed(under: "muster")
        if !isDry { try await self.courier.store(package: packed) }
        let words: [CarriedCode.Word] = [.python, .file(package: packed.digest, path: "muster/__main__.py")]
        return CarriedCode(package: package, program: words + program.dropFirst(2).map(CarriedCode.Word.text))
    }

    /// Stores what nodes make a Python environment from.
    func environment(_ lock: PythonLock) async throws -> CarriedEnvironment {
        let artifacts = ArtifactStore(self.layout)
        let store = { (path: String) in try artifacts.put(copyOf: path, encoding: .data) }
        let environment = CarriedEnvironment(
            python: lock.python, uv: try store(lock.uv), lock: try store(lock.file),
            wheels: try lock.wheels?.map {
                CarriedEnvironment.Wheel(name: URL(filePath: $0).lastPathComponent, file: try store($0))
            })
        try await self.courier.store(environment.artifacts)
        return environment
    }

    private func words(ofExecutable program: [String], _ isDry: Bool) async throws -> [CarriedCode.Word] {
        guard let path = program.first else { return [] }
        let name = URL(filePath: path).lastPathComponent
        let file: ArtifactReference
        if isDry {
            let digest = try FileDigest(of: path)
            file = ArtifactReference(digest: digest.sha256, size: digest.size, encoding: .data)
        } else {
            file = try ArtifactStore(self.layout).put(copyOf: path, encoding: .data)
            try await self.courier.store([file])
        }
        return [.program(name: name, file: file)] + program.dropFirst().map(CarriedCode.Word.text)
    }
}

extension FileDigest {
    /// Reads the file.
    fileprivate init(of path: String) throws(SystemError) {
        let file = try OpenFile(path, O_RDONLY)
        let size = try file.status().size
        self.init(size: size, sha256: try FileHash.digest(of: file))
    }
}
