/// A store in a bucket as people write it: `s3://bucket/prefix`.
package struct BucketAddress: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    /// Without a slash at its ends; may be empty.
    package let prefix: String

    /// Reads an address; nil for anything else.
    package init?(_ text: String) {
        guard text.hasPrefix(Self.scheme) else { return nil }
        let parts = text.dropFirst(Self.scheme.count).split(separator: "/", omittingEmptySubsequences: false)
        guard let bucket = parts.first, !bucket.isEmpty, !text.utf8.contains(0),
            !text.contains(where: { $0 == "?" || $0 == "#" || $0.isWhitespace })
        else { return nil }
        self.bucket = String(bucket)
        let folders = parts.dropFirst().filter { !$0.isEmpty }
        guard !folders.contains(where: { $0 == "." || $0 == ".." }) else { return nil }
        self.prefix = folders.joined(separator: "/")
    }

    private static let scheme = "s3://"

    package var description: String {
        self.prefix.isEmpty ? "\(Self.scheme)\(self.bucket)" : "\(Self.scheme)\(self.bucket)/\(self.prefix)"
    }
}
