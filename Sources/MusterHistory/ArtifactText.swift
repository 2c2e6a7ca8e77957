package import FoundationEssentials
package import MusterModel

/// An artifact's value as people read it. Pure: bytes in, text out.
package enum ArtifactText {
    /// The value, cut after `limit` characters.
    /// - Parameters:
    ///   - data: Its bytes, or the first of them.
    ///   - size: All of its bytes; nil when `data` has them.
    package static func text(_ data: Data, _ encoding: ArtifactEncoding, limit: Int, size: Int? = nil) -> String {
        let size = size ?? data.count
        return switch encoding {
        case .json: self.cut(String(decoding: data.prefix(limit * 4 + 4), as: UTF8.self), limit)
        case .data: self.bytes(data, limit, size)
        case .pickle: "a Python pickle of \(Count.text(size, "byte"))"
        case .int8: self.numbers(data, Int8.self, limit, size)
        case .int16: self.numbers(data, Int16.self, limit, size) { Int16(littleEndian: $0) }
        case .int32: self.numbers(data, Int32.self, limit, size) { Int32(littleEndian: $0) }
        case .int64: self.numbers(data, Int64.self, limit, size) { Int64(littleEndian: $0) }
        case .uint8: self.numbers(data, UInt8.self, limit, size)
        case .uint16: self.numbers(data, UInt16.self, limit, size) { UInt16(littleEndian: $0) }
        case .uint32: self.numbers(data, UInt32.self, limit, size) { UInt32(littleEndian: $0) }
        case .uint64: self.numbers(data, UInt64.self, limit, size) { UInt64(littleEndian: $0) }
        case .float32: self.numbers(data, UInt32.self, limit, size) { Float(bitPattern: UInt32(littleEndian: $0)) }
        case .float64: self.numbers(data, UInt64.self, limit, size) { Double(bitPattern: UInt64(littleEndian: $0)) }
        }
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        text.count > limit ? text.prefix(limit) + "…" : text
    }

    /// Text as text, everything else in hexadecimal.
    private static func bytes(_ data: Data, _ limit: Int, _ size: Int) -> String {
        let shown = data.prefix(max(1, limit / 3))
        let hexadecimal = shown.map(self.padded).joined(separator: " ")
        return "\(Count.text(size, "byte")): \(hexadecimal)\(shown.count < size ? " …" : "")"
    }

    private static func numbers<Raw: FixedWidthInteger>(_ data: Data, _ type: Raw.Type, _ limit: Int, _ size: Int)
        -> String
    {
        self.numbers(data, type, limit, size) { $0 }
    }

    private static func numbers<Raw: FixedWidthInteger, Value>(
        _ data: Data, _ type: Raw.Type, _ limit: Int, _ bytes: Int, _ value: (Raw) -> Value
    ) -> String {
        let size = MemoryLayout<Raw>.size
        let count = bytes / size
        let shown = data.count / size
        var text = "["
        for index in 0..<shown {
            if text.count > limit { return "\(text)…] (\(count) numbers)" }
            let raw = data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * size, as: Raw.self) }
            text += "\(index > 0 ? ", " : "")\(value(raw))"
        }
        return shown < count ? "\(text)…] (\(count) numbers)" : text + "]"
    }

    /// A byte as two hexadecimal digits.
    private static func padded(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count < 2 ? "0\(digits)" : digits
    }
}
