import FoundationEssentials
import MusterModel

/// One line of the elements of a foreach: a JSON text, or `@` and the file that holds a large element.
///
/// A front end names a file of the task folder (``ArtifactFile``); once the agent has taken that in, an artifact
/// (``ArtifactReference``). No JSON text begins with `@`.
public enum ItemLine {
    /// A longer element becomes an artifact of its own, in bytes.
    public static let longestText = 16 << 10

    private static let mark = UInt8(ascii: "@")

    /// Returns true when a line that begins with `byte` names a file.
    public static func isFile(first byte: UInt8?) -> Bool { byte == Self.mark }

    /// The line for a file of the task folder, or for an artifact, without its newline.
    public static func encode(_ file: some Encodable) throws -> [UInt8] {
        [Self.mark] + (try LineCoding.encode(file)).dropLast()
    }

    /// Decodes the file or artifact of a line for which ``isFile(first:)`` is true.
    public static func decode<Name: Decodable>(_ type: Name.Type, from line: some Sequence<UInt8>) throws -> Name {
        try LineCoding.decode(Name.self, from: FoundationEssentials.Data(line.dropFirst()))
    }
}
