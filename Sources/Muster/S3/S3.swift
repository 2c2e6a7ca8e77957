public import FoundationEssentials
import MusterWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Objects of S3 for steps: gets, puts, lists and looks at many at the same time.
///
/// The agent's program moves the bytes between the server and files. Server, region and keys are those that AWS's own
/// tools would use. Each call may be made from any task; a cancelled one gives up what is under way.
///
/// ```swift
/// let s3 = try S3(run: current)
/// try await s3.put("model.bin", weights)
/// let parts = try await s3.getMany(["a", "b", S3Get("c", .last(100))])
/// ```
public struct S3: Sendable {
    private let place: S3Place
    private let folder: S3Folder

    /// Keys are relative to the place of the run's data: `METAFLOW_DATATOOLS_S3ROOT`, or `data` below the store, then the
    /// flow and the run.
    /// - Throws: ``S3Error`` where there is no such place: the store is a folder, and no setting names a bucket.
    public init(run current: Current) throws {
        try self.init(
            S3Place(
                flow: current.flowName, run: current.runID, environment: ProcessInfo.processInfo.environment),
            in: current.temporaryFolder)
    }

    /// Keys are relative to `root`, an address such as `s3://bucket/path`.
    public init(root: String) throws { try self.init(S3Place(root: root), in: Self.temporary) }

    /// Every key is a whole address, `s3://bucket/key`.
    public init() throws { try self.init(S3Place(root: nil), in: Self.temporary) }

    private init(_ place: S3Place, in parent: String) throws {
        self.place = place
        self.folder = try S3Folder(in: parent)
    }

    /// That of the task within a step.
    private static var temporary: String {
        Current.value?.temporaryFolder ?? ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    }
}

// MARK: Out of the bucket

extension S3 {
    /// Fetches an object, or a part of one.
    /// - Parameter returnMissing: True to get one with ``S3Object/exists`` false in place of an error.
    public func get(_ object: S3Get, returnMissing: Bool = false) async throws -> S3Object {
        try await self.getMany([object], returnMissing: returnMissing)[0]
    }

    /// Fetches the object of `key`, as ``get(_:returnMissing:)``.
    public func get(_ key: String, returnMissing: Bool = false) async throws -> S3Object {
        try await self.get(S3Get(key), returnMissing: returnMissing)
    }

    /// Fetches objects, or parts of them. Returns them in the same order.
    public func getMany(_ objects: [S3Get], returnMissing: Bool = false) async throws -> [S3Object] {
        let addresses = try objects.map { try self.place.address($0.key) }
        return try await self.fetch(zip(addresses, objects.map(\.part)).map { ($0, $1) }, returnMissing)
    }

    /// Fetches all objects whose addresses begin with those of the prefixes.
    public func getRecursive(_ prefixes: [String] = [""]) async throws -> [S3Object] {
        let urls = try prefixes.map { try self.place.address($0).url }
        let found = try await self.list(urls, below: urls, isRecursive: true)
        return try await self.fetch(found.map { ($0.address, .all) }, false)
    }

    private func fetch(_ wanted: [(S3Place.Address, S3Get.Part)], _ returnMissing: Bool) async throws -> [S3Object] {
        let items = wanted.map { TransferItem($0.0.url, path: self.folder.file(), part: $0.1) }
        let answers = try await S3Helpers.perform(TransferRequest(.get, items, needsAll: !returnMissing))
        return zip(wanted, zip(items, answers)).map { wanted, found in
            guard found.1.size != nil else { return S3Object(wanted.0) }
            return S3Object(wanted.0, found.1, path: found.0.path, folder: self.folder)
        }
    }

    /// Size and attributes of an object.
    public func info(_ key: String, returnMissing: Bool = false) async throws -> S3Object {
        try await self.infoMany([key], returnMissing: returnMissing)[0]
    }

    /// Sizes and attributes of objects, in the same order.
    public func infoMany(_ keys: [String], returnMissing: Bool = false) async throws -> [S3Object] {
        let addresses = try keys.map { try self.place.address($0) }
        let request = TransferRequest(.info, addresses.map { TransferItem($0.url) }, needsAll: !returnMissing)
        return zip(addresses, try await S3Helpers.perform(request)).map { S3Object($0, $1) }
    }

    /// The next level below each prefix: objects, and prefixes of which ``S3Object/exists`` is false.
    public func listPaths(_ prefixes: [String] = [""]) async throws -> [S3Object] {
        try await self.listed(prefixes, isRecursive: false)
    }

    /// All objects below each prefix.
    public func listRecursive(_ prefixes: [String] = [""]) async throws -> [S3Object] {
        try await self.listed(prefixes, isRecursive: true)
    }

    private func listed(_ prefixes: [String], isRecursive: Bool) async throws -> [S3Object] {
        let urls = try prefixes.map { prefix in
            let url = try self.place.address(prefix).url
            return url.hasSuffix("/") ? url : url + "/"
        }
        return try await self.list(urls, below: urls, isRecursive: isRecursive).map {
            S3Object($0.address, size: $0.size)
        }
    }

    private func list(
        _ urls: [String], below prefixes: [String], isRecursive: Bool
    ) async throws -> [(address: S3Place.Address, size: Int?)] {
        let request = TransferRequest(.list, urls.map { TransferItem($0) }, isRecursive: isRecursive)
        return zip(prefixes, try await S3Helpers.perform(request)).flatMap { prefix, answer in
            let objects = (answer.objects ?? []).map { (S3Place.listed($0.key, below: prefix), Int?($0.size)) }
            return objects + (answer.folders ?? []).map { (S3Place.listed($0, below: prefix), nil) }
        }
    }
}

// MARK: Into the bucket

extension S3 {
    /// Stores `data`.
    /// - Parameter overwrite: False leaves an object that is there as it is.
    /// - Returns: The object's address.
    @discardableResult
    public func put(_ key: String, _ data: Data, overwrite: Bool = true) async throws -> String {
        _ = try await self.putMany([S3Put(key, data)], overwrite: overwrite)
        return try self.place.address(key).url
    }

    /// Stores `text` as UTF-8, as ``put(_:_:overwrite:)``.
    @discardableResult
    public func put(_ key: String, _ text: String, overwrite: Bool = true) async throws -> String {
        try await self.put(key, Data(text.utf8), overwrite: overwrite)
    }

    /// Stores files by their paths: pairs of key and path.
    @discardableResult
    public func putFiles(_ files: [(key: String, path: String)], overwrite: Bool = true) async throws -> [String] {
        try await self.putMany(files.map { S3Put($0.key, file: $0.path) }, overwrite: overwrite)
    }

    /// Stores data and files.
    /// - Returns: The addresses of those that were stored: with `overwrite` false, not of those that were there.
    @discardableResult
    public func putMany(_ objects: [S3Put], overwrite: Bool = true) async throws -> [String] {
        let values = S3Values(path: self.folder.file())
        defer { values.remove() }
        let items = try objects.map { object in
            try values.item(for: object, at: self.place.address(object.key).url)
        }
        let answers = try await S3Helpers.perform(TransferRequest(.put, items, replaces: overwrite))
        return zip(items, answers).compactMap { $1.isStored == true ? $0.url : nil }
    }
}

extension TransferItem {
    fileprivate init(_ url: String, path: String, part: S3Get.Part) {
        switch part {
        case .all: self.init(url, path: path)
        case .bytes(let range): self.init(url, path: path, offset: range.lowerBound, length: range.count)
        case .from(let offset): self.init(url, path: path, offset: offset)
        case .last(let count): self.init(url, path: path, offset: 0, length: -count)
        }
    }
}
