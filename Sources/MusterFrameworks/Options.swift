internal import MusterModel

/// Typed reading of a framework's options, with errors that name the option.
struct Options {
    let framework: String
    let values: [String: JSONValue]

    /// - Throws: ``FrameworkError`` when there are options that are not in `known`.
    init(_ framework: String, _ values: [String: JSONValue], known: Set<String>) throws(FrameworkError) {
        self.framework = framework
        self.values = values.filter { $0.value != .null }
        if let unknown = self.values.keys.filter({ !known.contains($0) }).min() {
            let list = known.sorted().joined(separator: ", ")
            throw FrameworkError("\(framework) has no option '\(unknown)'; its options are \(list)")
        }
    }

    func string(_ name: String) throws(FrameworkError) -> String? {
        guard let value = self.values[name] else { return nil }
        guard case .string(let text) = value else { throw self.wrong(name, "a text") }
        guard !text.utf8.contains(0) else {
            throw FrameworkError("\(self.framework): \(name) contains a NUL character")
        }
        return text
    }

    func strings(_ name: String) throws(FrameworkError) -> [String] {
        guard let value = self.values[name] else { return [] }
        guard case .array(let items) = value else { throw self.wrong(name, "a list of texts") }
        var texts: [String] = []
        for item in items {
            guard case .string(let text) = item else { throw self.wrong(name, "a list of texts") }
            guard !text.utf8.contains(0) else {
                throw FrameworkError("\(self.framework): \(name) contains a NUL character")
            }
            texts.append(text)
        }
        return texts
    }

    func integer(_ name: String, in range: ClosedRange<Int>) throws(FrameworkError) -> Int? {
        guard let value = self.values[name] else { return nil }
        guard case .int(let number) = value, range.contains(number) else {
            throw self.wrong(name, "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    func flag(_ name: String) throws(FrameworkError) -> Bool {
        guard let value = self.values[name] else { return false }
        guard case .bool(let flag) = value else { throw self.wrong(name, "true or false") }
        return flag
    }

    /// Texts by name.
    func texts(_ name: String) throws(FrameworkError) -> [String: String] {
        guard let value = self.values[name] else { return [:] }
        guard case .object(let members) = value else { throw self.wrong(name, "an object of texts") }
        var texts: [String: String] = [:]
        for (key, member) in members {
            guard case .string(let text) = member else { throw self.wrong(name, "an object of texts") }
            let isFine = !key.isEmpty && !key.contains("=") && !key.utf8.contains(0) && !text.utf8.contains(0)
            guard isFine else {
                throw FrameworkError("\(self.framework): \(name) has the entry '\(key)', which cannot be a variable")
            }
            texts[key] = text
        }
        return texts
    }

    private func wrong(_ name: String, _ expected: String) -> FrameworkError {
        let text = self.values[name].flatMap { try? $0.data() }.map { String(decoding: $0, as: UTF8.self) } ?? "null"
        return FrameworkError("\(self.framework): \(name) must be \(expected), not \(text)")
    }
}
