/// The digest, size and encoding of an artifact. Equal references are equal values.
public struct ArtifactReference: Codable, Sendable, Hashable {
    /// SHA-256 of the bytes, in lower-case hexadecimal: the artifact's key in the store.
    public var digest: String
    /// Bytes.
    public var size: Int
    public var encoding: ArtifactEncoding

    public init(digest: String, size: Int, encoding: ArtifactEncoding) {
        self.digest = digest
        self.size = size
        self.encoding = encoding
    }
}

/// The encoding of a value as an artifact's bytes. Numbers in arrays are little-endian, without a header.
public enum ArtifactEncoding: String, Codable, Sendable, Hashable, CaseIterable {
    /// JSON text.
    case json
    /// The bytes are the value.
    case data
    case int8, int16, int32, int64
    case uint8, uint16, uint32, uint64
    case float32, float64
    /// A Python pickle.
    case pickle

    /// Bytes of one element, for arrays of numbers.
    public var elementSize: Int? {
        switch self {
        case .int8, .uint8: 1
        case .int16, .uint16: 2
        case .int32, .uint32, .float32: 4
        case .int64, .uint64, .float64: 8
        case .json, .data, .pickle: nil
        }
    }
}
