import FoundationEssentials
import MusterModel
import MusterSystem

/// Encodes values as the bytes of artifacts and decodes them.
///
/// Arrays of numbers and `Data` are their own bytes, little-endian; everything else is JSON with sorted keys, so that
/// equal values have equal bytes.
enum ArtifactCoding {
    /// The encoding that a value of this type is written in.
    static func encoding(of type: (some Any).Type) -> ArtifactEncoding {
        (type as? any RawArtifact.Type)?.rawEncoding ?? .json
    }

    /// Writes `value` as the whole content of the file at `path`.
    static func write(_ value: some Encodable, to path: String) throws -> ArtifactEncoding {
        let file = try OpenFile(creating: path)
        if let raw = value as? any RawArtifact {
            try raw.withRawBytes { try file.write($0) }
            return type(of: raw).rawEncoding
        }
        try self.encoder().encode(value).withUnsafeBytes { try file.write($0) }
        return .json
    }

    /// The bytes that ``write(_:to:)`` would write.
    static func bytes(of value: some Encodable) throws -> Data {
        guard let raw = value as? any RawArtifact else { return try self.encoder().encode(value) }
        return raw.withRawBytes { Data($0) }
    }

    static func read<Value: Decodable>(
        _ type: Value.Type, from path: String, encoding: ArtifactEncoding
    ) throws -> Value {
        if let raw = type as? any RawArtifact.Type, raw.rawEncoding == encoding {
            if let value = try raw.init(rawFile: path) as? Value { return value }
        }
        guard encoding == .json else {
            throw StepFailure(.store, "it is stored as \(encoding.rawValue), which is not a \(type)")
        }
        do {
            return try self.decoder().decode(type, from: Data(rawFile: path))
        } catch let error as DecodingError {
            throw StepFailure(.store, "its JSON is not a \(type): \(error)")
        }
    }

    static func encoder() -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // NaN and infinities are legal results, for example of a loss, and JSON has no numbers for them.
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return encoder
    }

    static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
        return decoder
    }
}
