import FoundationEssentials

/// Reads one parameter's value from text, as its kind asks for.
enum ParameterText {
    /// - Parameter given: how the parameter was spelled, for the message.
    static func value(
        of text: String, for parameter: ParameterManifest, given: String
    ) throws(ParameterError) -> JSONValue {
        func refuse(_ reason: String) -> ParameterError {
            ParameterError(
                parameter: parameter.name, value: text,
                reason: "'\(text)' for parameter '\(parameter.name)' (\(given)) is \(reason)")
        }
        switch parameter.kind {
        case .int:
            guard let value = Int(text) else { throw refuse("not a whole number") }
            return .int(value)
        case .double:
            guard let value = Double(text), value.isFinite else { throw refuse("not a number") }
            return .double(value)
        case .bool:
            guard let value = self.bool(text) else { throw refuse("neither true nor false") }
            return .bool(value)
        case .string, .file: return .string(text)
        case .url:
            guard !text.isEmpty, !text.contains(where: \.isWhitespace), URL(string: text) != nil else {
                throw refuse("not a URL")
            }
            return .string(text)
        case .choice(let cases):
            guard cases.contains(text) else {
                let nearest = NameSuggestion.nearest(to: text, among: cases).map { "; did you mean '\($0)'?" } ?? ""
                throw refuse("not one of \(cases.joined(separator: ", "))\(nearest)")
            }
            return .string(text)
        case .json:
            guard let value = try? JSONValue(parsing: Data(text.utf8)) else {
                throw refuse("not JSON; a text needs its quotes: '\"\(text)\"'")
            }
            return value
        }
    }

    static func bool(_ text: String) -> Bool? {
        switch text.lowercased() {
        case "true", "yes", "on", "1": true
        case "false", "no", "off", "0": false
        default: nil
        }
    }
}
