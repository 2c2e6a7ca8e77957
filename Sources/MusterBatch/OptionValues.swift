import MusterBackends
import MusterModel

/// Values of a decorator's options, read with their names in the errors. The command line (`--with batch:image=…`) knows
/// texts alone, so that numbers, truths and lists may be texts.
struct OptionValues {
    private let values: [String: JSONValue]

    init(_ values: [String: JSONValue]) { self.values = values.filter { $0.value != .null } }

    func checkNames(_ names: [String]) throws(BackendError) {
        guard let unknown = self.values.keys.sorted().first(where: { !names.contains($0) }) else { return }
        throw .batch("@batch has no option \(unknown); it has \(names.joined(separator: ", "))")
    }

    func text(_ name: String) throws(BackendError) -> String? {
        switch self.values[name] {
        case nil: return nil
        case .string(let text)?:
            guard !text.contains(where: \.isNewline), !text.contains("\0") else { break }
            return text.isEmpty ? nil : text
        case .int(let number)?: return String(number)
        default: break
        }
        throw .batch("@batch(\(name)) has to be a text of one line")
    }

    func number(_ name: String, _ range: ClosedRange<Int>) throws(BackendError) -> Int? {
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
            throw .batch("@batch(\(name)) has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func minutes(_ name: String) throws(BackendError) -> Double? {
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
            throw .batch("@batch(\(name)) has to be a number of minutes")
        }
        return minutes
    }

    func truth(_ name: String) throws(BackendError) -> Bool? {
        switch self.values[name] {
        case nil: return nil
        case .bool(let truth)?: return truth
        case .string("true")?, .string("True")?: return true
        case .string("false")?, .string("False")?: return false
        default: throw .batch("@batch(\(name)) has to be true or false")
        }
    }

    /// One text, texts with commas between, or a list.
    func list(_ name: String) throws(BackendError) -> [String] {
        switch self.values[name] {
        case nil: return []
        case .string(let text)?: return text.split(separator: ",").map(String.init)
        case .array(let values)?:
            var texts: [String] = []
            for value in values {
                guard case .string(let text) = value else { throw .batch("@batch(\(name)) has to be a list of texts") }
                texts.append(text)
            }
            return texts
        default: throw .batch("@batch(\(name)) has to be a text or a list of texts")
        }
    }

    /// A table of texts, or a list of `NAME=VALUE` or `NAME:VALUE`.
    func table(_ name: String) throws(BackendError) -> [String: String] {
        if case .object(let fields)? = self.values[name] {
            var table: [String: String] = [:]
            for (key, value) in fields {
                switch value {
                case .string(let text): table[key] = text
                case .int(let number): table[key] = String(number)
                default: throw .batch("@batch(\(name)) has to be a table of texts; \(key) is none")
                }
            }
            return table
        }
        var table: [String: String] = [:]
        for pair in try self.list(name) {
            guard let mark = pair.firstIndex(where: { $0 == "=" || $0 == ":" }) else {
                throw .batch("@batch(\(name)) has '\(pair)'; it has to be NAME=VALUE")
            }
            table[String(pair[..<mark])] = String(pair[pair.index(after: mark)...])
        }
        return table
    }
}
