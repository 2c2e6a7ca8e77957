import FoundationEssentials

/// The prefix that keys are relative to. Pure.
struct S3Place: Sendable, Hashable {
    private static let scheme = "s3://"

    /// An object's address, and its key as it was asked for.
    struct Address: Sendable, Hashable {
        let url: String
        let key: String
    }

    /// Without a slash at its end; nil where every key is a whole address.
    let root: String?

    /// - Throws: ``S3Error`` for a root that is no address.
    init(root: String?) throws {
        guard let root else {
            self.root = nil
            return
        }
        guard root.hasPrefix(Self.scheme), root.utf8.count > Self.scheme.utf8.count else {
            throw S3Error(.invalid, "\(root) is no address of a prefix, such as s3://bucket/path")
        }
        self.root = Self.trimmed(root)
    }

    /// The data of a run: below Metaflow's place for them, or below the store of the run.
    init(flow: String, run: String, environment: [String: String]) throws {
        let value = { (name: String) in environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let suffix = value("METAFLOW_DATATOOLS_SUFFIX") ?? "data"
        let store = value("METAFLOW_DATASTORE_SYSROOT_S3") ?? value("MUSTER_STORE_ADDRESS")
        guard let place = value("METAFLOW_DATATOOLS_S3ROOT") ?? store.map({ "\(Self.trimmed($0))/\(suffix)" }) else {
            throw S3Error(
                .invalid,
                "S3(run:) keeps data in the bucket of the store, and this run's store is a folder: run it with --store s3://bucket/prefix, name a place in METAFLOW_DATATOOLS_S3ROOT, or use S3(root:)"
            )
        }
        try self.init(root: "\(Self.trimmed(place))/\(flow)/\(run)")
    }

    /// - Throws: ``S3Error`` for a whole address where there is a root, and for a key where there is none.
    func address(_ key: String) throws -> Address {
        guard let root = self.root else {
            guard key.hasPrefix(Self.scheme), key.dropFirst(Self.scheme.count).contains("/") else {
                throw S3Error(
                    .invalid, "\(key) is no address of an object, such as s3://bucket/key; give S3 a root for keys")
            }
            return Address(url: key, key: key)
        }
        if key.isEmpty { return Address(url: root, key: "") }
        guard !key.hasPrefix(Self.scheme) else {
            throw S3Error(.invalid, "\(key) is a whole address, and keys are relative to \(root)")
        }
        return Address(url: "\(root)/\(key.drop { $0 == "/" })", key: key)
    }

    /// The address of an object or folder that a listing of `prefix`, an address, has found.
    static func listed(_ key: String, below prefix: String) -> Address {
        let bucket = prefix.dropFirst(Self.scheme.count).prefix { $0 != "/" }
        let url = "\(Self.scheme)\(bucket)/\(key)"
        let start = prefix.utf8.count + (prefix.hasSuffix("/") ? 0 : 1)
        let name = String(decoding: url.utf8.dropFirst(start), as: UTF8.self)
        return Address(url: url, key: name)
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.hasSuffix("/") { text.removeLast() }
        return String(text)
    }
}
