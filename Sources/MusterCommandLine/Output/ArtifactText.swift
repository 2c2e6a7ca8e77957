import Foundation
import MusterModel

/// An artifact's value as people read it. Pure: bytes in, text out.
enum ArtifactText {
    /// The value, cut after `limit` characters.
    static func text(_ data: Data, _ encoding: ArtifactEncoding, limit: Int) -> String {
        switch encoding {
        case .json: self.cut(String(decoding: data.prefix(limit * 4 + 4), as: UTF8.self), limit)
        case .data: self.bytes(data, limit)
        case .pickle: "a Python pickle of \(Count.text(data.count, "byte"))"
        case .int8: self.numbers(data, Int8.self, limit)
        case .int16: self.numbers(data, Int16.self, limit) { Int16(littleEndian: $0) }
        case .int32: self.numbers(data, Int32.self, limit) { Int32(littleEndian: $0) }
        case .int64: self.numbers(data, Int64.self, limit) { Int64(littleEndian: $0) }
        case .uint8: self.numbers(data, UInt8.self, limit)
        case .uint16: self.numbers(data, UInt16.self, limit) { UInt16(littleEndian: $0) }
        case .uint32: self.numbers(data, UInt32.self, limit) { UInt32(littleEndian: $0) }
        case .uint64: self.numbers(data, UInt64.self, limit) { UInt64(littleEndian: $0) }
        case .float32: self.numbers(data, UInt32.self, limit) { Float(bitPattern: UInt32(littleEndian: $0)) }
        case .float64: self.numbers(data, UInt64.self, limit) { Double(bitPattern: UInt64(littleEndian: $0)) }
        }
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        text.count > limit ? text.prefix(limit) + "…" : text
    }

    /// Text as text, everything else in hexadecimal.
    private static func bytes(_ data: Data, _ limit: Int) -> String {
        let shown = data.prefix(max(1, limit / 3))
        let hexadecimal = shown.map { TimeText.padded($0) }.joined(separator: " ")
        return "\(Count.text(data.count, "byte")): \(hexadecimal)\(shown.count < data.count ? " …" : "")"
    }

    private static func numbers<Raw: FixedWidthInteger>(_ data: Data, _ type: Raw.Type, _ limit: Int) -> String {
        self.numbers(data, type, limit) { $0 }
    }

    private static func numbers<Raw: FixedWidthInteger, Value>(
        _ data: Data, _ type: Raw.Type, _ limit: Int, _ value: (Raw) -> Value
    ) -> String {
        let size = MemoryLayout<Raw>.size
        let count = data.count / size
        var text = "["
        for index in 0..<count {
            if text.count > limit { return "\(text)…] (\(count) numbers)" }
            let raw = data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: index * size, as: Raw.self) }
            text += "\(index > 0 ? ", " : "")\(value(raw))"
        }
        return text + "]"
    }
}

extension TimeText {
    /// A byte as two hexadecimal digits.
    fileprivate static func padded(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return digits.count < 2 ? "0\(digits)" : digits
    }
}
