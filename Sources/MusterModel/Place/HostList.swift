/// Host names in Slurm's short form: `login1,rack[1-2]node[001-003,7]`.
package enum HostList {
    /// The most names that a text may stand for: more than any cluster has nodes.
    private static let most = 65_536

    /// The names in order; nil when `text` is not of this form or stands for too many.
    package static func expand(_ text: String) -> [String]? {
        var names: [String] = []
        for entry in self.entries(text) {
            guard let more = self.expand(entry: entry), names.count + more.count <= self.most else { return nil }
            names += more
        }
        return names.isEmpty ? nil : names
    }

    /// The parts between commas that stand outside of brackets.
    private static func entries(_ text: String) -> [Substring] {
        var depth = 0
        return text.split(omittingEmptySubsequences: false) { character in
            depth += character == "[" ? 1 : character == "]" ? -1 : 0
            return character == "," && depth == 0
        }
    }

    private static func expand(entry: Substring) -> [String]? {
        guard let open = entry.firstIndex(of: "[") else {
            return entry.isEmpty || entry.contains("]") ? nil : [String(entry)]
        }
        guard let close = entry[open...].firstIndex(of: "]"),
            let numbers = self.numbers(entry[entry.index(after: open)..<close])
        else { return nil }
        let rest = entry[entry.index(after: close)...]
        guard let ends = rest.isEmpty ? [""] : self.expand(entry: rest), numbers.count * ends.count <= self.most else {
            return nil
        }
        let head = entry[..<open]
        return numbers.flatMap { number in ends.map { head + number + $0 } }
    }

    /// `001-003,7` as texts; the first number's zeros are kept.
    private static func numbers(_ text: Substring) -> [String]? {
        var numbers: [String] = []
        for range in text.split(separator: ",", omittingEmptySubsequences: false) {
            let bounds = range.split(separator: "-", omittingEmptySubsequences: false)
            guard bounds.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && $0.isNumber } }),
                let first = bounds.first, let low = Int(first)
            else { return nil }
            guard bounds.count > 1 else {
                numbers.append(String(first))
                continue
            }
            guard bounds.count == 2, let high = Int(bounds[1]), low <= high, high - low < self.most else { return nil }
            for number in low...high {
                let digits = String(number)
                numbers.append(String(repeating: "0", count: max(0, first.count - digits.count)) + digits)
            }
        }
        return numbers.count <= self.most ? numbers : nil
    }
}
