import Crypto
import Foundation
import Glibc
import MusterAWS
import MusterBucket
import MusterEngine
import MusterMetadata
import MusterModel
import MusterObjects
import MusterProcess
import MusterPython
import MusterS3
import MusterStore
import MusterSystem

/// The store of a verb: a folder with its database, and the bucket that it is this machine's folder of.
struct OpenedStore: Sendable {
    let layout: StoreLayout
    let metadata: any MetadataStore
    let bucket: Bucket?
    let bucketNodes: BucketNodes?
    /// Seconds between two looks into a bucket.
    let lookInterval: Double

    /// Makes the store's folder where it is missing.
    /// - Throws: `StoreError` or `MetadataError` for a folder that cannot be used, `ObjectStoreError` for an address.
    init(making settings: Settings, isShared: Bool) throws {
        let layout = try StoreLayout(settings)
        try layout.prepare(isShared: isShared)
        let database = try SQLiteMetadata(path: layout.database, settings: settings.database)
        self = try Self(layout, database, settings)
    }

    /// Opens a store that has to be there. A folder that this user cannot write to, a colleague's, is opened for reading.
    /// - Throws: ``CommandFailure`` when there is no such folder; as ``init(making:isShared:)``.
    init(existing settings: Settings) throws {
        guard BucketAddress(settings) == nil else {
            self = try Self(making: settings, isShared: false)
            return
        }
        let layout = try StoreLayout(settings)
        try layout.require()
        let isWritable = access(layout.database, W_OK) == 0 && access(layout.root, W_OK) == 0
        let database =
            try isWritable
            ? SQLiteMetadata(path: layout.database, settings: settings.database)
            : SQLiteMetadata(reading: layout.database, settings: settings.database)
        self = try Self(layout, database, settings)
    }

    /// Checks and records new runs in this store.
    var preparation: RunPreparation {
        RunPreparation(layout: self.layout, metadata: self.metadata, courier: self.bucket?.courier)
    }

    /// Names an object of the bucket for a node.
    func address(of key: String) -> String { self.bucketNodes?.address(of: key) ?? key }

    private init(_ layout: StoreLayout, _ database: SQLiteMetadata, _ settings: Settings) throws {
        self.layout = layout
        self.lookInterval = settings.bucket.logInterval
        let nodes = try BucketNodes(settings, layout)
        self.bucketNodes = nodes
        self.bucket = nodes.map { Bucket($0.objects, layout: layout, near: database) }
        self.metadata = self.bucket?.metadata ?? database
    }
}

extension BucketAddress {
    /// The bucket that the settings name; nil for a folder.
    init?(_ settings: Settings) {
        guard let store = settings.store else { return nil }
        self.init(store)
    }
}

extension StoreLayout {
    /// The store's paths on this machine, absolute.
    /// - Throws: `ObjectStoreError` for a bucket that cannot be one, ``CommandFailure`` when there is no place for its copy.
    init(_ settings: Settings) throws {
        guard let address = BucketAddress(settings) else {
            self.init(root: settings.store ?? AbsolutePath.of(".muster"))
            return
        }
        let environment = ProcessEnvironment.texts
        let cache = settings.cache ?? (try? PythonEnvironments.defaultCache(environment: environment))
        guard let folder = settings.bucket.folder ?? cache.map({ "\($0)/stores" }) else {
            throw CommandFailure(
                .usage,
                "there is no place for this machine's copy of \(address): set HOME, or the setting bucket.folder")
        }
        // Two servers may have buckets of one name.
        let server = try S3Settings(
            bucket: address.bucket, prefix: address.prefix, profiles: AWSProfiles(environment: environment)
        ).endpoint
        let names = "\(server.map { "\($0)" } ?? "")\n\(address)"
        let digest = Hexadecimal.text(SHA256.hash(data: Data(names.utf8)))
        self.init(root: "\(folder)/\(address.bucket)-\(digest.prefix(12))")
    }

    /// - Throws: ``CommandFailure`` when the store is not there.
    func require() throws {
        guard access(self.database, F_OK) != 0 else { return }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw CommandFailure(
                .store, "the store at \(self.root) cannot be read: \(SystemError.lastText)")
        }
        throw CommandFailure(
            .notFound, "there is no store at \(self.root); run a flow first, or name another folder with --store")
    }
}
