package import MusterAWS
package import MusterHTTP
package import MusterObjects

/// An object with its server, for a program on another machine: it has its own credentials, and needs no more than this.
///
///     s3://team/training/runs/Flow/7/attempts/train/3.0.order?endpoint=https%3A%2F%2Fhost%3A9000&region=eu-west-1&style=path
///
/// What is left out of the query is what that machine's own variables and files say.
package struct ObjectAddress: Sendable, Hashable, CustomStringConvertible {
    package static let scheme = "s3://"

    package let bucket: String
    /// The whole key; the bucket's settings put no prefix before it.
    package let key: String
    private let endpoint: HTTPOrigin?
    private let region: String?
    private let isPathStyle: Bool?

    /// The object with this key of a store with these settings.
    package init(_ key: String, of settings: S3Settings) {
        self.bucket = settings.bucket
        self.key = settings.prefix + key
        self.endpoint = settings.endpoint
        self.region = settings.region
        self.isPathStyle = settings.isPathStyle
    }

    /// Reads an address.
    /// - Throws: ``ObjectStoreError`` for a text that is none.
    package init(_ text: String) throws(ObjectStoreError) {
        let wrong = ObjectStoreError(
            .invalid, "'\(text)' is no address of an object, such as s3://bucket/key?region=us-east-1")
        guard text.hasPrefix(Self.scheme) else { throw wrong }
        let parts = text.dropFirst(Self.scheme.count).split(separator: "?", maxSplits: 1)
        guard let path = parts.first, let slash = path.firstIndex(of: "/"), path.startIndex < slash,
            let key = Self.decode(path[path.index(after: slash)...]), !key.isEmpty
        else { throw wrong }
        var values: [Substring: String] = [:]
        for item in (parts.count > 1 ? parts[1] : "").split(separator: "&") {
            let pair = item.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, let value = Self.decode(pair[1]) else { throw wrong }
            values[pair[0]] = value
        }
        self.bucket = String(path[..<slash])
        self.key = key
        self.region = values["region"]
        self.isPathStyle = values["style"].map { $0 == "path" }
        self.endpoint = values["endpoint"].flatMap(HTTPOrigin.init)
        if values["endpoint"] != nil, self.endpoint == nil { throw wrong }
    }

    /// A plus is one in an address; only listings write a space so.
    private static func decode(_ text: Substring) -> String? {
        PercentEncoding.decode(text.split(separator: "+", omittingEmptySubsequences: false).joined(separator: "%2B"))
    }

    package var description: String {
        var query: [QueryItem] = []
        if let endpoint = self.endpoint { query.append(QueryItem("endpoint", "\(endpoint)")) }
        if let region = self.region { query.append(QueryItem("region", region)) }
        if let isPathStyle = self.isPathStyle { query.append(QueryItem("style", isPathStyle ? "path" : "virtual")) }
        let path = "\(Self.scheme)\(self.bucket)/\(PercentEncoding.encode(self.key, keepsSlashes: true))"
        return query.isEmpty ? path : "\(path)?\(PercentEncoding.query(query))"
    }

    /// The settings of the bucket by this machine's variables and files, and before them by this address.
    /// - Parameter prefix: Of the store in the bucket.
    package func settings(prefix: String, _ profiles: AWSProfiles) throws(ObjectStoreError) -> S3Settings {
        var settings = try S3Settings(bucket: self.bucket, prefix: prefix, profiles: profiles)
        if let endpoint = self.endpoint { settings.endpoint = endpoint }
        if let region = self.region { settings.region = region }
        if let isPathStyle = self.isPathStyle { settings.isPathStyle = isPathStyle }
        return settings
    }
}
