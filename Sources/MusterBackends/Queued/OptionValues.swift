import FoundationEssentials
package import MusterModel

/// Values of a decorator's options, read with their names in the errors. The command line (`--with batch:image=…`) knows
/// texts alone, so that numbers, truths and lists may be texts.
package struct OptionValues {
    private let values: [String: JSONValue]
    /// The decorator's name.
    private let decorator: String

    package init(_ values: [String: JSONValue], of decorator: String) {
        self.values = values.filter { $0.value != .null }.mapValues(Self.structured)
        self.decorator = decorator
    }

    /// A list or a table that is given as a text of JSON, as Metaflow's variables have it; any other value as it is.
    /// A text that only begins like one stays a text, which the option's own check refuses.
    private static func structured(_ value: JSONValue) -> JSONValue {
        guard case .string(let text) = value, text.first == "[" || text.first == "{" else { return value }
        return (try? JSONValue(parsing: Data(text.utf8))) ?? value
    }

    package func wrong(_ message: String) -> BackendError {
        BackendError(code: .options, message: message, isTransient: false)
    }

    package subscript(_ name: String) -> JSONValue? { self.values[name] }

    /// Refuses an option that is none of `names`.
    package func checkNames(_ names: [String]) throws(BackendError) {
        guard let unknown = self.values.keys.sorted().first(where: { !names.contains($0) }) else { return }
        throw self.wrong("@\(self.decorator) has no option \(unknown); it has \(names.joined(separator: ", "))")
    }

    /// A text of one line.
    package func text(_ name: String) throws(BackendError) -> String? {
        switch self.values[name] {
        case nil: return nil
        case .string(let text)?:
            guard !text.contains(where: \.isNewline), !text.contains("\0") else { break }
            return text.isEmpty ? nil : text
        case .int(let number)?: return String(number)
        default: break
        }
        throw self.wrong("@\(self.decorator)(\(name)) has to be a text of one line")
    }

    /// A whole number.
    package func number(_ name: String, _ range: ClosedRange<Int>) throws(BackendError) -> Int? {
        let number: Int? =
            switch self.values[name] {
            case nil: nil
            case .int(let number)?: number
            case .double(let number)?: Int(exactly: number)
            case .string(let text)?: Int(text)
            default: nil
            }
        guard self.values[name] != nil else { return nil }
        guard let number, range.contains(number) else {
            throw self.wrong(
                "@\(self.decorator)(\(name)) has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A number of minutes.
    package func minutes(_ name: String) throws(BackendError) -> Double? {
        let minutes: Double? =
            switch self.values[name] {
            case nil: nil
            case .int(let number)?: Double(number)
            case .double(let number)?: number
            case .string(let text)?: Double(text)
            default: nil
            }
        guard self.values[name] != nil else { return nil }
        guard let minutes, minutes > 0, minutes.isFinite else {
            throw self.wrong("@\(self.decorator)(\(name)) has to be a number of minutes")
        }
        return minutes
    }

    package func truth(_ name: String) throws(BackendError) -> Bool? {
        switch self.values[name] {
        case nil: return nil
        case .bool(let truth)?: return truth
        case .string("true")?, .string("True")?: return true
        case .string("false")?, .string("False")?: return false
        default: throw self.wrong("@\(self.decorator)(\(name)) has to be true or false")
        }
    }

    /// One text, texts with commas between, or a list.
    package func list(_ name: String) throws(BackendError) -> [String] {
        switch self.values[name] {
        case nil: return []
        case .string(let text)?: return text.split(separator: ",").map(String.init)
        case .array(let values)?:
            var texts: [String] = []
            for value in values {
                guard case .string(let text) = value else {
                    throw self.wrong("@\(self.decorator)(\(name)) has to be a list of texts")
                }
                texts.append(text)
            }
            return texts
        default: throw self.wrong("@\(self.decorator)(\(name)) has to be a text or a list of texts")
        }
    }

    /// A table of texts, or a list of `NAME=VALUE` or `NAME:VALUE`.
    package func table(_ name: String) throws(BackendError) -> [String: String] {
        if case .object(let fields)? = self.values[name] {
            var table: [String: String] = [:]
            for (key, value) in fields {
                switch value {
                case .string(let text): table[key] = text
                case .int(let number): table[key] = String(number)
                default: throw self.wrong("@\(self.decorator)(\(name)) has to be a table of texts; \(key) is none")
                }
            }
            return table
        }
        var table: [String: String] = [:]
        for pair in try self.list(name) {
            guard let mark = pair.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw self.wrong("@\(self.decorator)(\(name)) has '\(pair)'; it has to be NAME=VALUE")
            }
            table[String(pair[..<mark])] = String(pair[pair.index(after: mark)...])
        }
        return table
    }
}
