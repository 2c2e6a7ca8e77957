import FoundationEssentials
import MusterFrameworks

extension Encodable {
    /// Equal values have equal bytes.
    fileprivate var bytes: Data? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try? encoder.encode(self)
    }
}

extension Encodable where Self: Decodable & Equatable {
    /// Whether JSON gives back what it was given, byte for byte.
    var survivesJSON: Bool {
        guard let data = self.bytes, let copy = try? JSONDecoder().decode(Self.self, from: data) else { return false }
        return copy == self && copy.bytes == data
    }
}

extension Array where Element: Encodable {
    /// Byte for byte.
    func isIdentical(to other: Self) -> Bool { self.bytes != nil && self.bytes == other.bytes }
}

extension Framework {
    /// Whether the name cannot be used in a manifest.
    var nameProblem: Bool { Self.name.isEmpty || Self.name.contains { $0.isWhitespace } }
}
