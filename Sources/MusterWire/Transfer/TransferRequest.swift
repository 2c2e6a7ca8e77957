/// A request to the helper that moves objects of S3 for a program: `muster-agent s3`, or `muster s3`.
///
/// One line of JSON on the helper's standard input; `Documentation/S3.md` is the contract.
public struct TransferRequest: Codable, Sendable, Equatable {
    public enum Verb: String, Codable, Sendable {
        case get, info, put, list
    }

    public var verb: Verb
    public var items: [TransferItem]
    /// True where an object that is not there fails the request. An absent field is true.
    public var needsAll: Bool?
    /// False where objects that are there stay. An absent field is true.
    public var replaces: Bool?
    /// True for all objects below a prefix, false for one level of them. An absent field is false.
    public var isRecursive: Bool?

    public init(
        _ verb: Verb, _ items: [TransferItem], needsAll: Bool? = nil, replaces: Bool? = nil, isRecursive: Bool? = nil
    ) {
        self.verb = verb
        self.items = items
        self.needsAll = needsAll
        self.replaces = replaces
        self.isRecursive = isRecursive
    }

    enum CodingKeys: String, CodingKey {
        case verb = "do"
        case items
        case needsAll = "all"
        case replaces = "overwrite"
        case isRecursive = "recursive"
    }
}

/// An object or a prefix of a request.
public struct TransferItem: Codable, Sendable, Equatable {
    /// `s3://BUCKET/KEY`.
    public var url: String
    /// The file that is made, or sent.
    public var path: String?
    /// With `get` the bytes of the object, with `put` those of the file. A negative length counts from the end of the
    /// object; without one all bytes from `offset` on are meant.
    public var offset: Int?
    public var length: Int?
    public var contentType: String?
    public var encryption: String?
    /// By names without `x-amz-meta-`.
    public var metadata: [String: String]?

    public init(
        _ url: String, path: String? = nil, offset: Int? = nil, length: Int? = nil, contentType: String? = nil,
        encryption: String? = nil, metadata: [String: String]? = nil
    ) {
        self.url = url
        self.path = path
        self.offset = offset
        self.length = length
        self.contentType = contentType
        self.encryption = encryption
        self.metadata = metadata
    }
}
