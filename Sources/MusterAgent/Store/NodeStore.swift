import FoundationEssentials
import MusterModel
import MusterS3
import MusterWire

/// The objects of this node's attempt, in a folder that the node shares with the engine or in a bucket, beside which the node
/// has a folder of its own.
struct NodeStore: Sendable {
    /// Seconds that a file system may take to show an object that was written before the job was submitted.
    private static let visibility = 60.0

    let folder: AttemptFolder
    /// nil where the node sees the store's folder.
    let bucket: BucketNode?
    private let environment: [String: String]

    /// - Parameter order: The path of the attempt's order, or its address in a bucket.
    init(order: String, environment: [String: String]) throws {
        self.environment = environment
        guard !order.hasPrefix(ObjectAddress.scheme) else {
            let bucket = try BucketNode(order: order, environment: environment)
            (self.bucket, self.folder) = (bucket, bucket.folder)
            return
        }
        guard order.hasPrefix("/"), order.hasSuffix(AttemptObject.order.name) else {
            throw AgentError(
                "'\(order)' is neither the absolute path of an attempt's order nor its address in a bucket")
        }
        self.bucket = nil
        self.folder = AttemptFolder(prefix: String(order.dropLast(AttemptObject.order.name.utf8.count)))
    }

    /// The order, as soon as it can be seen.
    func order() async throws -> GangOrder {
        let deadline = ContinuousClock.now + .seconds(Self.visibility)
        while true {
            if let data = try await self.read(.order) {
                do {
                    return try LineCoding.decode(GangOrder.self, from: data)
                } catch {
                    throw AgentError("the order \(self.folder.path(.order)) cannot be understood: \(error)")
                }
            }
            guard ContinuousClock.now < deadline else {
                throw AgentError(
                    "there is no order at \(self.folder.path(.order)): this node does not see the store, or the attempt is over"
                )
            }
            try await Task.sleep(for: .milliseconds(self.bucket == nil ? 200 : 1000))
        }
    }

    /// The order for this node, with its code on this machine.
    func localized(_ order: GangOrder) async throws -> GangOrder {
        guard let bucket = self.bucket else { return order }
        return try await bucket.localized(order, environment: self.environment)
    }

    /// The object's bytes; nil when it is not there.
    func read(_ object: AttemptObject) async throws -> Data? {
        if let bucket = self.bucket, try await !bucket.bring(object) { return nil }
        return try self.folder.read(object)
    }

    /// Creates the object.
    /// - Returns: False when it is there already; it is not changed then.
    func create(_ value: some Encodable & Sendable, as object: AttemptObject) async throws -> Bool {
        let data = try LineCoding.encode(value)
        guard let bucket = self.bucket else { return try self.folder.create(data, as: object) }
        return try await bucket.create(data, as: object)
    }

    /// Claims the attempt for this start of the job (node 0), or waits for the claim (the others).
    /// - Returns: False when another start of the job has claimed it.
    func owns(_ place: SchedulerPlace, until seconds: Double) async throws -> Bool {
        if place.index == 0 {
            return try await self.create(
                AttemptClaim(incarnation: place.incarnation, host: NodeVerb.hostName(), job: place.job), as: .claim)
        }
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            // A claim that cannot be understood is as good as none, and read again until the deadline.
            if let data = try await self.read(.claim), let claim = try? LineCoding.decode(AttemptClaim.self, from: data)
            {
                return claim.incarnation == place.incarnation
            }
            guard ContinuousClock.now < deadline else {
                throw AgentError("node 0 has not come within \(Int(seconds)) s")
            }
            try await Task.sleep(for: .milliseconds(self.bucket == nil ? 20 : 100))
        }
    }
}
