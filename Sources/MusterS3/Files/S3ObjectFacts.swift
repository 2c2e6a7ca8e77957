import MusterAWS
import MusterHTTP
import MusterObjects

/// An object as its headers describe it.
package struct S3ObjectFacts: Sendable, Hashable {
    /// Bytes of the whole object.
    package let size: Int
    /// The `Content-Type`; nil where the server tells none.
    package let contentType: String?
    /// The server's own encryption, such as `AES256`; nil where it tells none.
    package let encryption: String?
    /// The texts that were put with the object, by lower-case names without `x-amz-meta-`.
    package let metadata: [String: String]
    /// Seconds since 1970; nil where the server tells no time.
    package let modified: Double?

    init(_ head: HTTPHead, size: Int) {
        self.size = size
        self.contentType = head["Content-Type"]
        self.encryption = head["x-amz-server-side-encryption"]
        self.modified = head["Last-Modified"].flatMap(AWSTime.seconds(http:))
        var metadata: [String: String] = [:]
        for field in head.headers {
            let name = field.name.lowercased()
            guard name.hasPrefix(S3Attributes.prefix), name != S3ObjectStore.writerHeader else { continue }
            metadata[String(name.dropFirst(S3Attributes.prefix.count))] = field.value
        }
        self.metadata = metadata
    }
}

/// What is put with an object besides its bytes.
package struct S3Attributes: Sendable, Hashable {
    static let prefix = "x-amz-meta-"

    package var contentType: String?
    /// `AES256` or `aws:kms`.
    package var encryption: String?
    /// By names without `x-amz-meta-`. A server takes 2 KB in all, and ASCII alone.
    package var metadata: [String: String]

    package init(contentType: String? = nil, encryption: String? = nil, metadata: [String: String] = [:]) {
        self.contentType = contentType
        self.encryption = encryption
        self.metadata = metadata
    }

    /// - Throws: ``ObjectStoreError/Code/invalid`` for a text that no header can hold.
    func headers() throws(ObjectStoreError) -> [HTTPField] {
        var fields: [HTTPField] = []
        if let type = self.contentType { fields.append(HTTPField("Content-Type", type)) }
        if let encryption = self.encryption { fields.append(HTTPField("x-amz-server-side-encryption", encryption)) }
        for (name, value) in self.metadata.sorted(by: { $0.key < $1.key }) {
            fields.append(HTTPField(Self.prefix + name, value))
        }
        for field in fields {
            let isName = field.name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
            guard isName, field.value.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7F }) else {
                throw ObjectStoreError(
                    .invalid,
                    "\(field.name) of an object cannot be \(field.value.debugDescription): a header holds printable ASCII"
                )
            }
        }
        return fields
    }
}

/// The bytes of an object that are asked for.
package enum S3ByteRange: Sendable, Hashable {
    /// From this byte to the end.
    case from(Int)
    /// Those that the object has of it.
    case within(Range<Int>)
    /// As many at the end, or all where there are fewer.
    case last(Int)
}

/// A file that holds bytes of an object.
package struct S3FetchedFile: Sendable, Hashable {
    package let object: S3ObjectFacts
    /// The bytes of the object that the file holds.
    package let range: Range<Int>
}

/// The bytes for an object: a file, or a part of it.
package struct S3FilePiece: Sendable, Hashable {
    package var path: String
    /// Nil for the whole file.
    package var range: Range<Int>?

    package init(_ path: String, range: Range<Int>? = nil) {
        self.path = path
        self.range = range
    }
}
