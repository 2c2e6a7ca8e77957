/// The name of one of a step's cards: `0_default`, `1_blank_summary`. It is part of a file's name.
package struct CardName: Sendable, Hashable {
    /// Its place among the step's cards.
    package let place: Int
    package let type: String
    package let id: String?

    package init(place: Int, type: String, id: String?) {
        self.place = place
        self.type = type
        self.id = id
    }

    /// `_` parts its pieces, so one that is the type's own is written as `-`.
    package var text: String {
        let type = String(self.type.map { $0 == "_" ? "-" : $0 })
        return "\(self.place)_\(type)" + (self.id.map { "_\($0)" } ?? "")
    }

    /// Reads what ``text`` writes: the place, and a type and an id of letters, digits and `_`; nil for anything else.
    package init?(_ text: String) {
        let parts = text.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard text.utf8.count <= 200, parts.count > 1, let place = Int(parts[0]), place >= 0, !parts[1].isEmpty,
            parts[1].utf8.allSatisfy({ $0 == UInt8(ascii: "-") || Self.isAllowed($0) }),
            parts[2...].allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(Self.isAllowed) })
        else { return nil }
        let type = String(parts[1].map { $0 == "-" ? "_" : $0 })
        self.init(place: place, type: type, id: parts.count > 2 ? String(parts[2]) : nil)
        guard self.text == text else { return nil }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
