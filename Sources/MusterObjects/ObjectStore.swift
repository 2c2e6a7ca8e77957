package import FoundationEssentials

/// Objects by key: a folder, or a bucket of S3. `Documentation/ObjectStore.md` is the contract.
///
/// An object is there whole or not at all, whoever reads it and whenever a writer ends. After a call has returned, every
/// reader sees what it did. A key is 1 to 1,024 bytes of UTF-8 without NUL, and no key is another one followed by `/…`.
/// Calls may be made at the same time from any number of tasks, processes and machines. A cancelled task's call throws
/// ``ObjectStoreError/Code/cancelled``.
package protocol ObjectStore: Sendable {
    /// The bytes of the object, or those of `range` that it has: none for a range behind its end.
    /// - Throws: ``ObjectStoreError/Code/missing`` when there is no such object.
    func get(_ key: String, range: Range<Int>?) async throws(ObjectStoreError) -> Data

    /// Makes the object of `data`, or replaces it.
    func put(_ data: Data, at key: String, mode: PutMode) async throws(ObjectStoreError) -> PutOutcome

    /// Makes the object of the file at `path`, which must not change meanwhile. Large files go in parts at the same time.
    func upload(_ path: String, to key: String, mode: PutMode) async throws(ObjectStoreError) -> UploadedFile

    /// Makes the file at `path` of the object, or replaces it, with ranges that arrive at the same time and are written in
    /// place. The file is whole when this returns; when it throws there is none.
    func download(_ key: String, to path: String) async throws(ObjectStoreError) -> FileDigest

    /// The object's size; nil when there is none.
    func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo?

    /// Seconds since the object was made or replaced, by the store's own clock; nil when there is none, or when the store
    /// tells no times. Whole seconds may be all that it knows.
    func age(_ key: String) async throws(ObjectStoreError) -> Double?

    /// A page of the objects whose keys begin with the request's prefix, in the order of their keys' bytes.
    func list(_ request: ListRequest) async throws(ObjectStoreError) -> ObjectPage

    /// Removes the objects; those that are not there are fine.
    func remove(_ keys: [String]) async throws(ObjectStoreError)
}

extension ObjectStore {
    package func get(_ key: String) async throws(ObjectStoreError) -> Data { try await self.get(key, range: nil) }

    /// The bytes of the object; nil when there is none.
    package func find(_ key: String) async throws(ObjectStoreError) -> Data? {
        do throws(ObjectStoreError) { return try await self.get(key, range: nil) } catch {
            guard error.code == .missing else { throw error }
            return nil
        }
    }

    @discardableResult
    package func put(_ data: Data, at key: String) async throws(ObjectStoreError) -> PutOutcome {
        try await self.put(data, at: key, mode: .replacing)
    }

    @discardableResult
    package func upload(_ path: String, to key: String) async throws(ObjectStoreError) -> UploadedFile {
        try await self.upload(path, to: key, mode: .replacing)
    }

    package func remove(_ key: String) async throws(ObjectStoreError) { try await self.remove([key]) }
}
