import FoundationEssentials

/// Checks one parameter's text, as its kind asks for.
struct ParameterText {
    /// True accepts `NaN` and infinities in JSON, for a flow's language that reads them.
    var allowsNonFinite = true

    /// - Parameter given: how the parameter was spelled, for the message.
    func value(
        of text: String, for parameter: ParameterManifest, given: String
    ) throws(ParameterError) -> ParameterValue {
        func refuse(_ reason: String) -> ParameterError {
            ParameterError(
                parameter: parameter.name, value: text,
                reason: "'\(text)' for parameter '\(parameter.name)' (\(given)) is \(reason)")
        }
        switch parameter.kind {
        case .int:
            guard let number = Self.wholeNumber(text) else { throw refuse("not a whole number") }
            return ParameterValue(number)
        case .double:
            guard let number = Self.number(text) else { throw refuse("not a number") }
            return ParameterValue(number)
        case .bool:
            guard let value = Self.bool(text) else { throw refuse("neither true nor false") }
            return ParameterValue("\(value)")
        case .string, .file: return ParameterValue(text)
        case .url:
            guard !text.isEmpty, !text.contains(where: \.isWhitespace), URL(string: text) != nil else {
                throw refuse("not a URL")
            }
            return ParameterValue(text)
        case .choice(let cases):
            guard cases.contains(text) else {
                let nearest = NameSuggestion.nearest(to: text, among: cases).map { "; did you mean '\($0)'?" } ?? ""
                throw refuse("not one of \(cases.joined(separator: ", "))\(nearest)")
            }
            return ParameterValue(text)
        case .json:
            guard JSONSyntax.isValid(text, allowsNonFinite: self.allowsNonFinite) else {
                throw refuse("not JSON; a text needs its quotes: '\"\(text)\"'")
            }
            return ParameterValue(text)
        }
    }

    static func bool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "t", "yes", "y", "on", "1": true
        case "false", "f", "no", "n", "off", "0": false
        default: nil
        }
    }

    /// Of any length: without a `+` and without zeros before it. nil for what is none.
    private static func wholeNumber(_ text: String) -> String? {
        guard let plain = self.plain(text) else { return nil }
        let isNegative = plain.hasPrefix("-")
        let digits = plain.dropFirst(isNegative || plain.hasPrefix("+") ? 1 : 0)
        guard !digits.isEmpty, digits.utf8.allSatisfy(self.isDigit) else { return nil }
        let number = digits.drop { $0 == "0" }
        return number.isEmpty ? "0" : (isNegative ? "-" : "") + number
    }

    /// As it was given, but for spaces around it. nil for what is none: Swift would take hexadecimal digits as well.
    private static func number(_ text: String) -> String? {
        guard let plain = self.plain(text) else { return nil }
        let unsigned = plain.lowercased().drop { $0 == "-" || $0 == "+" }
        if ["inf", "infinity", "nan"].contains(unsigned), plain.utf8.count <= unsigned.utf8.count + 1 { return plain }
        guard plain.utf8.allSatisfy({ self.isDigit($0) || "+-.eE".utf8.contains($0) }) else { return nil }
        return Double(plain) == nil ? nil : plain
    }

    /// Without spaces around it, and without the underscores that Python allows between digits.
    private static func plain(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let kept = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        let word = Array(kept)
        for (index, byte) in word.enumerated() where byte == UInt8(ascii: "_") {
            guard index > 0, index + 1 < word.count, self.isDigit(word[index - 1]), self.isDigit(word[index + 1]) else {
                return nil
            }
        }
        return String(decoding: word.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
