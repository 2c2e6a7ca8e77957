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

    public static func decode<Value: Decodable>(_ type: Value.Type, from line: Data) throws -> Value {
        try JSONDecoder().decode(type, from: line)
    }
}

/// Collects bytes and gives out whole lines.
public struct LineBuffer: Sendable {
    private var pending = Data()
    /// The number of bytes that were searched for a newline without success.
    private var searched = 0
    /// The bytes up to the next newline belong to a line that was refused.
    private var isSkipping = false

    public init() {}

    /// Adds `bytes` and returns the lines they complete, without their newlines.
    /// - Throws: ``LineTooLong`` once for a line that exceeds ``LineCoding/maximumLength``; lines that came with its beginning
    ///   are lost. The next line is read again.
    public mutating func append(_ bytes: some Sequence<UInt8>) throws -> [Data] {
        // One memcpy where the bytes are contiguous; a generic append goes byte by byte.
        let isTaken: Void? = bytes.withContiguousStorageIfAvailable { self.pending.append($0) }
        if isTaken == nil { self.pending.append(contentsOf: bytes) }
        if self.isSkipping { self.skip() }
        let lines = self.takeLines()
        guard self.pending.count <= LineCoding.maximumLength else {
            self.isSkipping = true
            self.skip()
            throw LineTooLong()
        }
        return lines
    }

    /// Drops the bytes up to the next newline.
    private mutating func skip() {
        let newline = self.pending.firstIndex(of: UInt8(ascii: "\n"))
        self.isSkipping = newline == nil
        self.pending = newline.map { Data(self.pending[($0 + 1)...]) } ?? Data()
        self.searched = 0
    }

    private mutating func takeLines() -> [Data] {
        var lines: [Data] = []
        var start = 0
        self.pending.withUnsafeBytes { bytes in
            var from = self.searched
            while let newline = bytes[from...].firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(Data(bytes[start..<newline]))
                start = newline + 1
                from = start
            }
        }
        if start > 0 { self.pending = Data(self.pending.dropFirst(start)) }
        self.searched = self.pending.count
        return lines
    }
}

/// A peer sent a line longer than ``LineCoding/maximumLength``.
public struct LineTooLong: Error, CustomStringConvertible {
    public init() {}
    public var description: String {
        "a line of more than \(LineCoding.maximumLength) bytes was received; it was refused"
    }
}
