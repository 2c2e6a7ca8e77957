import SwiftSyntax
import SwiftSyntaxBuilder

/// Writes the type `Next`: one constructor per step, in the form in which the step is entered.
struct NextWriter {
    private struct Constructor: Hashable {
        let name: String
        let text: String
    }

    let source: FlowSource

    init(_ source: FlowSource) { self.source = source }

    func declaration() -> DeclSyntax {
        let access = self.source.access
        let constructors = self.constructors().map { "    \(access)static \($0.text)" }.joined(separator: "\n")
        let branches = self.branches().map {
            "        \(access)static var \(Self.escaped($0)): Branch { Branch(name: \"\($0)\") }"
        }.joined(separator: "\n")
        return """
            \(raw: access)struct Next: Muster.NextStep {
                \(raw: access)let departure: Muster.Departure
            \(raw: constructors)
                /// Several steps at once, which a join brings together.
                \(raw: access)static func all(_ first: Branch, _ second: Branch, _ others: Branch...) -> Next {
                    Next(departure: .branches(([first, second] + others).map(\\.name)))
                }
                \(raw: access)struct Branch {
                    let name: String
            \(raw: branches)
                }
            }
            """
    }

    /// One constructor per step, and one for every wrong use: that has been reported on its own line, and the
    /// constructor keeps the type checker from reporting it again.
    private func constructors() -> [Constructor] {
        var constructors: [Constructor] = []
        for step in self.source.steps where step.name != "start" { constructors.append(self.constructor(step)) }
        for transition in self.source.steps.flatMap(\.transitions) where transition.form != .branches {
            for name in transition.names {
                let constructor = Self.constructor(name, transition.form, element: nil, access: self.source.access)
                let isThere = constructors.contains { $0.name == constructor.name }
                if !isThere { constructors.append(constructor) }
            }
        }
        return constructors
    }

    private func constructor(_ step: StepSource) -> Constructor {
        if case .element(_, let type) = step.input {
            return Self.constructor(step.name, .foreach, element: type.trimmedDescription, access: self.source.access)
        }
        return Self.constructor(step.name, self.isGang(step) ? .nodes : .step, element: nil, access: self.source.access)
    }

    /// The macro cannot see if a decorator of another package makes a gang, so both forms are allowed; the manifest is
    /// checked.
    private func isGang(_ step: StepSource) -> Bool {
        if step.isKnownGang { return true }
        guard step.mayBeGang else { return false }
        return self.source.steps.flatMap(\.transitions).contains { $0.form == .nodes && $0.names == [step.name] }
    }

    private func branches() -> [String] {
        let plain = self.source.steps.filter { !$0.takesElement && !self.isGang($0) && $0.name != "start" }.map(\.name)
        let used = self.source.steps.flatMap(\.transitions).filter { $0.form == .branches }.flatMap(\.names)
        return plain + Array(Set(used).subtracting(plain)).sorted()
    }

    private static func constructor(
        _ name: String, _ form: TransitionSource.Form, element: String?, access: String
    ) -> Constructor {
        let escaped = self.escaped(name)
        switch form {
        case .foreach:
            let items = element.map { "some Swift.Collection<\($0)>" } ?? "some Swift.Collection<some Swift.Encodable>"
            return Constructor(
                name: "\(name)(foreach:)",
                text: "func \(escaped)(foreach items: \(items)) -> Next { "
                    + "Next(departure: .foreach(\"\(name)\", items)) }")
        case .nodes:
            return Constructor(
                name: "\(name)(nodes:)",
                text:
                    "func \(escaped)(nodes count: Swift.Int) -> Next { Next(departure: .nodes(\"\(name)\", count)) }\n"
                    + "    \(access)static func \(escaped)(nodes counts: Swift.ClosedRange<Swift.Int>) -> Next { "
                    + "Next(departure: .nodes(\"\(name)\", counts)) }")
        case .step, .branches:
            return Constructor(
                name: name, text: "var \(escaped): Next { Next(departure: .step(\"\(name)\")) }")
        }
    }

    /// The name, in backticks if it is a keyword.
    static func escaped(_ name: String) -> String {
        Keyword.isReserved(name) ? "`\(name)`" : name
    }
}

/// Keywords that need backticks as names.
enum Keyword {
    static func isReserved(_ name: String) -> Bool { self.words.contains(name) }

    private static let words: Set<String> = [
        "as", "associatedtype", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do",
        "else", "enum", "extension", "fallthrough", "false", "fileprivate", "for", "func", "guard", "if", "import",
        "in", "init", "inout", "internal", "is", "let", "nil", "operator", "private", "protocol", "public", "repeat",
        "rethrows", "return", "self", "Self", "static", "struct", "subscript", "super", "switch", "throw", "throws",
        "true", "try", "typealias", "var", "where", "while",
    ]
}
