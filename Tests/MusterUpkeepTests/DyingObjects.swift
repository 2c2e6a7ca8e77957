import Foundation
import MusterObjects
import Synchronization

/// A store whose user is killed after some writes: from then on nothing that it asks for happens.
final class DyingObjects: ObjectStore {
    private let store: any ObjectStore
    private let left: Mutex<Int>

    /// - Parameter writes: How many are carried out.
    init(_ store: any ObjectStore, after writes: Int) {
        self.store = store
        self.left = Mutex(writes)
    }

    private func write() throws(ObjectStoreError) {
        let isAlive = self.left.withLock { left in
            left -= 1
            return left >= 0
        }
        if !isAlive { throw ObjectStoreError(.cancelled, "killed") }
    }

    private func read() throws(ObjectStoreError) {
        if self.left.withLock({ $0 < 0 }) { throw ObjectStoreError(.cancelled, "killed") }
    }

    func get(_ key: String, range: Range<Int>?) async throws(ObjectStoreError) -> Data {
        try self.read()
        return try await self.store.get(key, range: range)
    }

    func put(_ data: Data, at key: String, mode: PutMode) async throws(ObjectStoreError) -> PutOutcome {
        try self.write()
        return try await self.store.put(data, at: key, mode: mode)
    }

    func upload(_ path: String, to key: String, mode: PutMode) async throws(ObjectStoreError) -> UploadedFile {
        try self.write()
        return try await self.store.upload(path, to: key, mode: mode)
    }

    func download(_ key: String, to path: String) async throws(ObjectStoreError) -> FileDigest {
        try self.read()
        return try await self.store.download(key, to: path)
    }

    func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo? {
        try self.read()
        return try await self.store.head(key)
    }

    func age(_ key: String) async throws(ObjectStoreError) -> Double? {
        try self.read()
        return try await self.store.age(key)
    }

    func list(_ request: ListRequest) async throws(ObjectStoreError) -> ObjectPage {
        try self.read()
        return try await self.store.list(request)
    }

    /// Removals of many are as many requests: a server may be killed between two of them, too.
    func remove(_ keys: [String]) async throws(ObjectStoreError) {
        for key in keys {
            try self.write()
            try await self.store.remove([key])
        }
    }
}
