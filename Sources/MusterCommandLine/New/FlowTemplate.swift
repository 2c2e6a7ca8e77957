import CMusterTemplates
import MusterModel

/// The files that `muster new` starts a flow from: examples of the source tree, embedded in this program.
struct FlowTemplate {
    enum Language: String { case swift, python }

    /// A path in the flow's folder, and the text.
    struct File: Equatable {
        var place: String
        var text: String
    }

    /// The name that is in the texts until another one replaces it.
    let flow: String
    let files: [File]

    /// - Parameter framework: nil for a flow without one.
    /// - Throws: ``CommandFailure`` with what there is, for a framework without a template.
    init(_ language: Language, framework: String?) throws(CommandFailure) {
        let found = Self.all.filter { $0.language == language.rawValue && $0.framework == framework ?? Self.plain }
        guard let first = found.first else {
            let known = Self.frameworks
            let hint = NameSuggestion.hint(for: framework ?? "", among: known)
            throw CommandFailure(
                .usage,
                "--with \(framework ?? ""): there is no such framework\(hint); there are \(known.joined(separator: ", "))"
            )
        }
        self.flow = first.flow
        self.files = found.map { File(place: $0.place, text: $0.text) }
    }

    /// The frameworks that have a template.
    static var frameworks: [String] { Set(self.all.map(\.framework)).subtracting([self.plain]).sorted() }

    private static let plain = "plain"

    private struct Embedded {
        var language: String
        var framework: String
        var place: String
        var flow: String
        var text: String
    }

    private static var all: [Embedded] {
        var count = 0
        let start = muster_templates(&count)
        return UnsafeBufferPointer(start: start, count: count).map { each in
            let bytes = UnsafeRawBufferPointer(start: each.bytes, count: each.length)
            return Embedded(
                language: String(cString: each.language), framework: String(cString: each.framework),
                place: String(cString: each.place), flow: String(cString: each.flow),
                text: String(decoding: bytes, as: UTF8.self))
        }
    }
}
