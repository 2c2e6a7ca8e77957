import MusterAWS
import MusterBucket
import MusterHistory
import MusterModel
import MusterObjects
import MusterProcess
import MusterS3
import MusterStore
import MusterUpkeep

extension KeptStore {
    /// - Parameter settings: Those by which `opened` was opened.
    init(_ opened: OpenedStore, _ settings: Settings) throws {
        let address = BucketAddress(settings)
        let once = try address.map { address in
            let profiles = AWSProfiles(environment: ProcessEnvironment.texts)
            return S3ObjectStore(
                try S3Settings(bucket: address.bucket, prefix: address.prefix, profiles: profiles), profiles: profiles,
                policy: RetryPolicy(attempts: 1))
        }
        self.init(
            name: address.map { "\($0)" } ?? opened.layout.root, layout: opened.layout, metadata: opened.metadata,
            bucket: opened.bucket, once: once)
    }
}

extension OpenedStore {
    /// The runs that are called so, as in other verbs.
    func keys(of names: [String]) async throws -> [RunKey] {
        var keys: [RunKey] = []
        for name in names { keys.append(try await self.finder.record(name).key) }
        return keys
    }
}
