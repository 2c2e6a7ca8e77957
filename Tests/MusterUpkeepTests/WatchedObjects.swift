import Foundation
import MusterObjects
import Synchronization

/// A store that calls somebody before each request.
final class WatchedObjects: ObjectStore {
    private let store: any ObjectStore
    private let onRead: @Sendable () throws(ObjectStoreError) -> Void
    private let onWrite: @Sendable (_ key: String) async throws(ObjectStoreError) -> Void

    init(
        _ store: any ObjectStore, onRead: @escaping @Sendable () throws(ObjectStoreError) -> Void = {},
        onWrite: @escaping @Sendable (_ key: String) async throws(ObjectStoreError) -> Void
    ) {
        self.store = store
        self.onRead = onRead
        self.onWrite = onWrite
    }

    /// Its user is killed after some writes: from then on nothing that it asks for happens.
    convenience init(_ store: any ObjectStore, dyingAfter writes: Int) {
        let life = Life(writes)
        self.init(
            store, onRead: { () throws(ObjectStoreError) in try life.check() },
            onWrite: { (_) async throws(ObjectStoreError) in try life.spend() })
    }

    private final class Life: Sendable {
        private let left: Mutex<Int>

        init(_ writes: Int) { self.left = Mutex(writes) }

        func check() throws(ObjectStoreError) {
            if self.left.withLock({ $0 < 0 }) { throw ObjectStoreError(.cancelled, "killed") }
        }

        func spend() throws(ObjectStoreError) {
            self.left.withLock { $0 -= 1 }
            try self.check()
        }
    }

    func get(_ key: String, range: Range<Int>?) async throws(ObjectStoreError) -> Data {
        try self.onRead()
        return try await self.store.get(key, range: range)
    }

    func put(_ data: Data, at key: String, mode: PutMode) async throws(ObjectStoreError) -> PutOutcome {
        try await self.onWrite(key)
        return try await self.store.put(data, at: key, mode: mode)
    }

    func upload(_ path: String, to key: String, mode: PutMode) async throws(ObjectStoreError) -> UploadedFile {
        try await self.onWrite(key)
        return try await self.store.upload(path, to: key, mode: mode)
    }

    func download(_ key: String, to path: String) async throws(ObjectStoreError) -> FileDigest {
        try self.onRead()
        return try await self.store.download(key, to: path)
    }

    func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo? {
        try self.onRead()
        return try await self.store.head(key)
    }

    func age(_ key: String) async throws(ObjectStoreError) -> Double? {
        try self.onRead()
        return try await self.store.age(key)
    }

    func list(_ request: ListRequest) async throws(ObjectStoreError) -> ObjectPage {
        try self.onRead()
        return try await self.store.list(request)
    }

    /// Removals of many are as many requests: a server may be killed between two of them, too.
    func remove(_ keys: [String]) async throws(ObjectStoreError) {
        for key in keys {
            try await self.onWrite(key)
            try await self.store.remove([key])
        }
    }
}
