/// Checks that a text is JSON. The text itself is passed on, because parsing and printing would change numbers and
/// orders.
public enum JSONSyntax {
    /// The largest nesting depth of lists and objects.
    static let depth = 500

    /// - Parameter allowsNonFinite: True accepts `NaN`, `Infinity` and `-Infinity` as numbers, as Python does.
    public static func isValid(_ text: String, allowsNonFinite: Bool = false) -> Bool {
        var scanner = JSONScanner(bytes: Array(text.utf8), allowsNonFinite: allowsNonFinite)
        return scanner.value(depth: 0) && scanner.isAtEnd
    }
}

/// One pass over a JSON text. Every method skips the element of its name and returns true if it was there.
private struct JSONScanner {
    let bytes: [UInt8]
    let allowsNonFinite: Bool
    private var index = 0

    init(bytes: [UInt8], allowsNonFinite: Bool) {
        self.bytes = bytes
        self.allowsNonFinite = allowsNonFinite
    }

    var isAtEnd: Bool { self.index == self.bytes.count }
    private var next: UInt8? { self.index < self.bytes.count ? self.bytes[self.index] : nil }

    /// A value with the white space around it.
    mutating func value(depth: Int) -> Bool {
        guard depth < JSONSyntax.depth else { return false }
        self.space()
        defer { self.space() }
        switch self.next {
        case UInt8(ascii: "{"): return self.object(depth: depth)
        case UInt8(ascii: "["): return self.list(depth: depth)
        case UInt8(ascii: "\""): return self.string()
        case UInt8(ascii: "t"): return self.word("true")
        case UInt8(ascii: "f"): return self.word("false")
        case UInt8(ascii: "n"): return self.word("null")
        default: return self.number()
        }
    }

    private mutating func object(depth: Int) -> Bool {
        self.entries(end: UInt8(ascii: "}")) { scanner in
            scanner.space()
            guard scanner.string() else { return false }
            scanner.space()
            return scanner.take(UInt8(ascii: ":")) && scanner.value(depth: depth + 1)
        }
    }

    private mutating func list(depth: Int) -> Bool {
        self.entries(end: UInt8(ascii: "]")) { $0.value(depth: depth + 1) }
    }

    private mutating func entries(end: UInt8, _ entry: (inout JSONScanner) -> Bool) -> Bool {
        self.index += 1
        self.space()
        if self.take(end) { return true }
        while entry(&self) {
            if self.take(end) { return true }
            guard self.take(UInt8(ascii: ",")) else { return false }
        }
        return false
    }

    private mutating func string() -> Bool {
        guard self.take(UInt8(ascii: "\"")) else { return false }
        while let byte = self.next {
            self.index += 1
            switch byte {
            case UInt8(ascii: "\""): return true
            case UInt8(ascii: "\\"): guard self.escape() else { return false }
            case 0..<0x20: return false
            default: break
            }
        }
        return false
    }

    private mutating func escape() -> Bool {
        guard let byte = self.next else { return false }
        self.index += 1
        if byte != UInt8(ascii: "u") { return "\"\\/bfnrt".utf8.contains(byte) }
        let digits = self.bytes[self.index...].prefix(4)
        self.index += digits.count
        return digits.count == 4 && digits.allSatisfy { Character(Unicode.Scalar($0)).isHexDigit }
    }

    private mutating func number() -> Bool {
        if self.allowsNonFinite, self.word("NaN") { return true }
        _ = self.take(UInt8(ascii: "-"))
        if self.allowsNonFinite, self.word("Infinity") { return true }
        guard self.take(UInt8(ascii: "0")) || self.digits() else { return false }
        if self.take(UInt8(ascii: ".")), !self.digits() { return false }
        guard self.take(UInt8(ascii: "e")) || self.take(UInt8(ascii: "E")) else { return true }
        _ = self.take(UInt8(ascii: "+")) || self.take(UInt8(ascii: "-"))
        return self.digits()
    }

    /// One digit or more.
    private mutating func digits() -> Bool {
        let start = self.index
        while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { self.index += 1 }
        return self.index > start
    }

    private mutating func word(_ word: String) -> Bool {
        guard self.bytes[self.index...].starts(with: word.utf8) else { return false }
        self.index += word.utf8.count
        return true
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard self.next == byte else { return false }
        self.index += 1
        return true
    }

    private mutating func space() {
        while let byte = self.next, [0x20, 0x0A, 0x0D, 0x09].contains(byte) { self.index += 1 }
    }
}
