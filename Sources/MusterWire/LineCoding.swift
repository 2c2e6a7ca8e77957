public import FoundationEssentials

/// One JSON object a line: the framing of the step protocol's socket and of the agent's standard streams.
public enum LineCoding {
    /// The longest line that is accepted, in bytes.
    public static let maximumLength = 64 << 20

    /// `value` as one line, its newline included.
    public static func encode(_ value: some Encodable) throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var line = try encoder.encode(value)
        line.append(UInt8(ascii: "\n"))
        return line
    }

    public static func decode<Value: Decodable>(_ type: Value.Type, from line: some Sequence<UInt8>) throws -> Value {
        try JSONDecoder().decode(type, from: Data(line))
    }
}

/// Collects bytes and gives out whole lines.
public struct LineBuffer: Sendable {
    private var pending = Data()

    public init() {}

    /// Adds `bytes` and returns the lines they complete, without their newlines.
    /// - Throws: ``LineTooLong`` when a line exceeds ``LineCoding/maximumLength``.
    public mutating func append(_ bytes: some Sequence<UInt8>) throws -> [Data] {
        var lines: [Data] = []
        self.pending.append(contentsOf: bytes)
        while let newline = self.pending.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(Data(self.pending[self.pending.startIndex..<newline]))
            self.pending = Data(self.pending[(newline + 1)...])
        }
        guard self.pending.count <= LineCoding.maximumLength else { throw LineTooLong() }
        return lines
    }
}

/// A peer sent a line longer than ``LineCoding/maximumLength``.
public struct LineTooLong: Error, CustomStringConvertible {
    public init() {}
    public var description: String { "a line of more than \(LineCoding.maximumLength) bytes was received; it was refused" }
}
