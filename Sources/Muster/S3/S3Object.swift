public import FoundationEssentials
import MusterWire

/// An object or a prefix, with a local copy where it was fetched.
public struct S3Object: Sendable {
    /// `s3://bucket/key`.
    public let url: String
    /// Relative to the prefix that it was asked for by; ``url`` where that was a whole address.
    public let key: String
    /// Bytes of the whole object; nil for a prefix and for what is missing.
    public let size: Int?
    /// The file with the bytes that were fetched; nil otherwise. It is removed when neither the ``S3`` nor any of its
    /// objects is left.
    public let path: String?
    /// The bytes of the object that the file holds.
    public let range: Range<Int>?
    public let contentType: String?
    /// The server's own encryption, such as `AES256`.
    public let encryption: String?
    /// The texts that were put with it.
    public let metadata: [String: String]
    /// Seconds since 1970.
    public let modified: Double?
    private let folder: S3Folder?

    /// False for a prefix and for what is missing.
    public var exists: Bool { self.size != nil }

    /// The bytes that were fetched.
    /// - Throws: ``S3Error`` when none were.
    public func data() throws -> Data {
        guard let path = self.path else { throw S3Error(.file, "\(self.url) was not fetched") }
        return try Data(contentsOf: URL(filePath: path))
    }

    /// The bytes that were fetched as UTF-8.
    /// - Throws: As ``data()``.
    public func text() throws -> String { String(decoding: try self.data(), as: UTF8.self) }

    init(_ address: S3Place.Address, size: Int? = nil) {
        self.init(address, TransferAnswer(), size: size, path: nil, folder: nil)
    }

    init(_ address: S3Place.Address, _ answer: TransferAnswer, path: String? = nil, folder: S3Folder? = nil) {
        self.init(address, answer, size: answer.size, path: path, folder: folder)
    }

    private init(
        _ address: S3Place.Address, _ answer: TransferAnswer, size: Int?, path: String?, folder: S3Folder?
    ) {
        self.url = address.url
        self.key = address.key
        self.size = size
        self.path = path
        self.folder = folder
        self.range = answer.offset.flatMap { start in answer.length.map { start..<(start + $0) } }
        self.contentType = answer.contentType
        self.encryption = answer.encryption
        self.metadata = answer.metadata ?? [:]
        self.modified = answer.modified
    }
}

/// An object, or a part of one, that is to be fetched. A text is a key.
public struct S3Get: Sendable, Hashable, ExpressibleByStringLiteral {
    /// The bytes of an object.
    public enum Part: Sendable, Hashable {
        case all
        case bytes(Range<Int>)
        /// From this byte to the end.
        case from(Int)
        /// As many at the end.
        case last(Int)
    }

    public var key: String
    public var part: Part

    public init(_ key: String, _ part: Part = .all) {
        self.key = key
        self.part = part
    }

    public init(stringLiteral key: String) { self.init(key) }
}

/// An object that is to be stored.
public struct S3Put: Sendable {
    enum Source: Sendable {
        case data(Data)
        case file(String)
    }

    public var key: String
    public var contentType: String?
    /// `AES256` or `aws:kms`.
    public var encryption: String?
    /// Printable ASCII, 2 KB in all.
    public var metadata: [String: String]
    let source: Source

    public init(
        _ key: String, _ data: Data, contentType: String? = nil, encryption: String? = nil,
        metadata: [String: String] = [:]
    ) {
        self.init(key, .data(data), contentType, encryption, metadata)
    }

    /// - Parameter file: Its path. It must not change while it is sent.
    public init(
        _ key: String, file: String, contentType: String? = nil, encryption: String? = nil,
        metadata: [String: String] = [:]
    ) {
        self.init(key, .file(file), contentType, encryption, metadata)
    }

    private init(
        _ key: String, _ source: Source, _ contentType: String?, _ encryption: String?, _ metadata: [String: String]
    ) {
        self.key = key
        self.source = source
        self.contentType = contentType
        self.encryption = encryption
        self.metadata = metadata
    }
}
