import Foundation

/// A text that is looked for in bytes, in any case.
struct TextPattern: Sendable {
    private let text: String
    /// In lower case, when all of it is ASCII.
    private let ascii: [UInt8]?

    init(_ text: String) {
        self.text = text
        let bytes = Array(text.utf8)
        self.ascii = bytes.allSatisfy { $0 < 0x80 } ? bytes.map(Self.lowered) : nil
    }

    func occurs(in bytes: Data) -> Bool {
        guard let ascii else {
            return String(decoding: bytes, as: UTF8.self).range(of: self.text, options: .caseInsensitive) != nil
        }
        return bytes.withUnsafeBytes { Self.holds($0, ascii) }
    }

    private static func holds(_ bytes: UnsafeRawBufferPointer, _ pattern: [UInt8]) -> Bool {
        guard let first = pattern.first else { return true }
        guard bytes.count >= pattern.count else { return false }
        for start in 0...(bytes.count - pattern.count) where self.lowered(bytes[start]) == first {
            if pattern.indices.allSatisfy({ self.lowered(bytes[start + $0]) == pattern[$0] }) { return true }
        }
        return false
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 0x20 : byte
    }
}
