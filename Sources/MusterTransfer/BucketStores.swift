import MusterAWS
import MusterObjects
import MusterS3
import Synchronization

/// The buckets that a program speaks with, each with its connections.
final class BucketStores: Sendable {
    private let environment: [String: String]
    private let stores = Mutex<[String: S3ObjectStore]>([:])

    /// - Parameter environment: AWS's variables are read from it.
    init(environment: [String: String]) { self.environment = environment }

    func store(_ bucket: String) throws(ObjectStoreError) -> S3ObjectStore {
        if let store = self.stores.withLock({ $0[bucket] }) { return store }
        let profiles = AWSProfiles(environment: self.environment)
        let store = S3ObjectStore(try S3Settings(bucket: bucket, profiles: profiles), profiles: profiles)
        return self.stores.withLock { stores in
            // Another task may have been faster.
            let kept = stores[bucket] ?? store
            stores[bucket] = kept
            return kept
        }
    }

    /// Forgets a bucket, whose keys were refused: they may have been renewed when it is asked for again.
    func forget(_ bucket: String) { self.stores.withLock { $0[bucket] = nil } }
}
