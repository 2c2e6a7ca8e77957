/// Percent encoding as AWS signs it: every byte but letters, digits and `-._~` is `%XX`.
package enum PercentEncoding {
    /// - Parameter keepsSlashes: True for paths.
    package static func encode(_ text: String, keepsSlashes: Bool = false) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: bytes.append(byte)
            case 0x2F where keepsSlashes: bytes.append(byte)
            default: bytes += [0x25, digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Decodes a key of a listing, in which a plus stands for a space; nil for what is not encoded so.
    package static func decode(_ text: String) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case 0x2B: bytes.append(0x20)
            case 0x25:
                let pair = rest.prefix(2)
                guard pair.count == 2, let value = UInt8(String(decoding: pair, as: UTF8.self), radix: 16) else {
                    return nil
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// `a=1&b=2`, sorted as it has to be signed.
    package static func query(_ items: [QueryItem]) -> String {
        items.map { "\(self.encode($0.name))=\(self.encode($0.value))" }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .joined(separator: "&")
    }
}

/// A part of a query, not encoded.
package struct QueryItem: Sendable, Hashable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String = "") {
        self.name = name
        self.value = value
    }
}
