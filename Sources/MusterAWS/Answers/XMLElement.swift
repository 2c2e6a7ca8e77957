/// An element of an XML answer: its name without a namespace, its elements, and its text.
///
/// The reader is strict and knows as much XML as S3 writes: no document types, so no entities but the five and numbers;
/// attributes, comments and processing instructions are skipped.
package struct XMLElement: Sendable, Hashable {
    package let name: String
    package fileprivate(set) var elements: [XMLElement] = []
    package fileprivate(set) var text = ""

    /// The first element of this name.
    package subscript(_ name: String) -> XMLElement? { self.elements.first { $0.name == name } }

    /// All elements of this name.
    package func all(_ name: String) -> [XMLElement] { self.elements.filter { $0.name == name } }

    /// The document's element; nil for a text that is not XML of this kind.
    package static func read(_ bytes: some Collection<UInt8>) -> XMLElement? {
        var reader = XMLReader(bytes: Array(bytes))
        return reader.document()
    }

    fileprivate init(name: String) { self.name = name }
}

private struct XMLReader {
    private static let depth = 16

    let bytes: [UInt8]
    private var place = 0

    init(bytes: [UInt8]) {
        self.bytes = bytes
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { self.place = 3 }
    }

    mutating func document() -> XMLElement? {
        guard self.skipMisc(), let root = self.element(depth: 0), self.skipMisc(), self.place == self.bytes.count else {
            return nil
        }
        return root
    }

    private mutating func element(depth: Int) -> XMLElement? {
        guard depth < Self.depth, self.take("<"), let name = self.name() else { return nil }
        guard let isEmpty = self.restOfTag() else { return nil }
        var element = XMLElement(name: String(name.split(separator: ":").last ?? ""))
        if isEmpty { return element }
        var text: [UInt8] = []
        while true {
            guard self.place < self.bytes.count else { return nil }
            if self.take("</") {
                guard self.name() == name else { return nil }
                self.skipSpace()
                guard self.take(">"), let whole = String(validating: text, as: UTF8.self) else { return nil }
                element.text = whole
                return element
            } else if self.take("<!--") {
                guard self.skip(to: "-->") else { return nil }
            } else if self.take("<![CDATA[") {
                let start = self.place
                guard self.skip(to: "]]>") else { return nil }
                text += self.bytes[start..<(self.place - 3)]
            } else if self.bytes[self.place] == UInt8(ascii: "<") {
                guard let child = self.element(depth: depth + 1) else { return nil }
                element.elements.append(child)
            } else if self.bytes[self.place] == UInt8(ascii: "&") {
                guard let character = self.reference() else { return nil }
                text += Array(String(character).utf8)
            } else {
                text.append(self.bytes[self.place])
                self.place += 1
            }
        }
    }

    /// Skips attributes. Returns whether the tag has no content, nil where it does not end.
    private mutating func restOfTag() -> Bool? {
        while self.place < self.bytes.count {
            self.skipSpace()
            if self.take("/>") { return true }
            if self.take(">") { return false }
            guard self.name() != nil else { return nil }
            self.skipSpace()
            guard self.take("=") else { return nil }
            self.skipSpace()
            let quote = self.take("\"") ? "\"" : self.take("'") ? "'" : nil
            guard let quote, self.skip(to: quote) else { return nil }
        }
        return nil
    }

    private mutating func reference() -> Unicode.Scalar? {
        let start = self.place + 1
        guard self.skip(to: ";"), self.place - start <= 12 else { return nil }
        let name = String(decoding: self.bytes[start..<(self.place - 1)], as: UTF8.self)
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#") else { return nil }
            let isHexadecimal = name.hasPrefix("#x")
            return UInt32(name.dropFirst(isHexadecimal ? 2 : 1), radix: isHexadecimal ? 16 : 10).flatMap(
                Unicode.Scalar.init)
        }
    }

    private mutating func name() -> String? {
        let end = self.bytes[self.place...].firstIndex { byte in
            byte <= 0x20 || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: "=")
                || byte == UInt8(ascii: "<") || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "!")
        }
        guard let end, end > self.place else { return nil }
        defer { self.place = end }
        return String(validating: self.bytes[self.place..<end], as: UTF8.self)
    }

    /// Skips what may stand before and behind the document's element.
    private mutating func skipMisc() -> Bool {
        while true {
            self.skipSpace()
            if self.take("<?") {
                guard self.skip(to: "?>") else { return false }
            } else if self.take("<!--") {
                guard self.skip(to: "-->") else { return false }
            } else {
                return true
            }
        }
    }

    private mutating func skipSpace() {
        while self.place < self.bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(self.bytes[self.place]) {
            self.place += 1
        }
    }

    private mutating func take(_ text: String) -> Bool {
        guard self.bytes[self.place...].starts(with: text.utf8) else { return false }
        self.place += text.utf8.count
        return true
    }

    /// Skips to behind the next `text`.
    private mutating func skip(to text: String) -> Bool {
        while self.place < self.bytes.count {
            if self.take(text) { return true }
            self.place += 1
        }
        return false
    }
}
