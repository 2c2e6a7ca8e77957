import MusterObjects

/// `s3://BUCKET/KEY`, where the key is whatever stands behind the bucket's slash, as it stands there.
struct S3Address: Sendable, Hashable {
    private static let scheme = "s3://"

    let bucket: String
    /// Empty for the bucket itself.
    let key: String

    /// - Throws: ``ObjectStoreError/Code/invalid`` for any other text.
    init(_ text: String) throws(ObjectStoreError) {
        let bytes = text.utf8
        guard bytes.starts(with: Self.scheme.utf8) else {
            throw ObjectStoreError(.invalid, "\(text) is no address of an object, such as s3://bucket/key")
        }
        let rest = bytes.dropFirst(Self.scheme.utf8.count)
        let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        self.bucket = String(decoding: rest[..<end], as: UTF8.self)
        self.key = String(decoding: rest[end...].dropFirst(), as: UTF8.self)
    }
}
