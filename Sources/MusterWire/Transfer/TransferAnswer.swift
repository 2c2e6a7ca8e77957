/// A line of the helper's answer to a ``TransferRequest``: any number about items, then one that says that it is done.
public struct TransferAnswer: Codable, Sendable, Equatable {
    /// The item that it is about; nil in the last line.
    public var index: Int?
    /// Bytes of the whole object.
    public var size: Int?
    /// The first byte of the object that the file holds, and how many there are.
    public var offset: Int?
    public var length: Int?
    public var contentType: String?
    public var encryption: String?
    public var metadata: [String: String]?
    /// Seconds since 1970.
    public var modified: Double?
    /// False where an object that is there has stayed.
    public var isStored: Bool?
    /// A page of a listing, in order: the objects' keys with their sizes, then the beginnings of keys up to a `/`.
    public var objects: [ListedObject]?
    public var folders: [String]?
    /// A stable dotted code, and a sentence for people.
    public var code: String?
    public var error: String?
    /// True in the last line.
    public var isDone: Bool?

    public init(index: Int? = nil) { self.index = index }

    enum CodingKeys: String, CodingKey {
        case index, size, offset, length, contentType, encryption, metadata, modified, objects, folders, code, error
        case isStored = "stored"
        case isDone = "done"
    }
}

/// An object of a listing.
public struct ListedObject: Codable, Sendable, Equatable {
    public var key: String
    /// Bytes.
    public var size: Int

    public init(key: String, size: Int) {
        self.key = key
        self.size = size
    }
}
