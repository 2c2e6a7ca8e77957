import FoundationEssentials
import MusterFrameworks

extension Encodable {
    /// Sorted keys: equal values are encoded to equal bytes.
    fileprivate var bytes: Data? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return try? encoder.encode(self)
    }
}

extension Encodable where Self: Decodable & Equatable {
    /// True if the value survives encoding to JSON and decoding, byte for byte.
    var survivesJSON: Bool {
        guard let data = self.bytes, let copy = try? JSONDecoder().decode(Self.self, from: data) else { return false }
        return copy == self && copy.bytes == data
    }
}

extension Array where Element: Encodable {
    /// Compares bytes.
    func isIdentical(to other: Self) -> Bool { self.bytes != nil && self.bytes == other.bytes }
}

extension Framework {
    /// True if the name is illegal in a manifest.
    var nameProblem: Bool { Self.name.isEmpty || Self.name.contains { $0.isWhitespace } }
}
