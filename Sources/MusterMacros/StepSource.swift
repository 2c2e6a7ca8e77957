import SwiftSyntax

/// A step, parsed from its source.
struct StepSource {
    /// The parameters of the function.
    enum Input {
        case nothing
        /// One element of a foreach.
        case element(label: String?, type: TypeSyntax)
        /// A join's inputs as a list.
        case list(label: String?)
        /// A join's inputs by the names of the steps right before it.
        case named([TokenSyntax])
    }

    let function: FunctionDeclSyntax
    let name: String
    let isJoin: Bool
    let input: Input
    /// Every attribute that is not the language's own, in the order of the source.
    let decorators: [AttributeSyntax]
    /// The transitions of the body.
    let transitions: [TransitionSource]
    /// True if every returned expression is a literal transition.
    let isReadable: Bool
    let entrypoints: [String]

    /// Nil for a function that is no step, and for one with an illegal signature, which is reported.
    init?(_ function: FunctionDeclSyntax, _ report: inout Report) {
        let attributes = function.attributes.compactMap { $0.as(AttributeSyntax.self) }
        let markers = attributes.filter { ["Step", "Join"].contains($0.plainName) }
        guard let marker = markers.first else { return nil }
        if markers.count > 1 { report.error(markers[1], "'\(function.name.text)' is either a step or a join") }
        self.function = function
        self.name = function.name.plainName
        self.isJoin = marker.plainName == "Join"
        self.decorators = attributes.filter { !Self.languageAttributes.contains($0.plainName) }
        guard let input = SignatureReader(function, isJoin: self.isJoin).read(&report) else { return nil }
        self.input = input

        var reader = TransitionReader()
        if self.name != "end" { reader.read(function) }
        self.transitions = reader.transitions
        self.isReadable = reader.unreadable.isEmpty
        self.entrypoints = EntrypointReader.read(function)
        for expression in reader.unreadable {
            report.error(
                expression,
                "write the transition out, as in `return .\(self.name == "start" ? "end" : "join")`: the flow's graph is "
                    + "read from the source, and this is only known at run time")
        }
        if self.transitions.isEmpty, self.isReadable, self.name != "end" {
            report.error(function.name, "step '\(self.name)' leads nowhere; return a transition such as `.end`")
        }
    }

    var isAsync: Bool { self.function.signature.effectSpecifiers?.asyncSpecifier != nil }
    var isThrowing: Bool { self.function.signature.effectSpecifiers?.throwsClause != nil }

    /// True if the function takes an element of a foreach.
    var takesElement: Bool { if case .element = self.input { true } else { false } }
    /// True for a step with one of Muster's own gang decorators.
    var isKnownGang: Bool { self.decorators.contains { Self.gangDecorators.contains($0.plainName) } }
    /// True for a step with a decorator of another package, which could make it a gang.
    var mayBeGang: Bool {
        self.isKnownGang || self.decorators.contains { !Self.ordinaryDecorators.contains($0.plainName) }
    }

    private static let gangDecorators: Set<String> = ["Parallel", "Torchrun", "DeepSpeed", "MPI", "Ray", "TensorFlow"]
    private static let ordinaryDecorators: Set<String> = [
        "Resources", "Retry", "Catch", "Timeout", "Environment", "PyPI",
    ]
    private static let languageAttributes: Set<String> = [
        "Step", "Join", "available", "discardableResult", "inlinable", "inline", "usableFromInline", "MainActor",
        "concurrent", "Sendable", "preconcurrency", "objc", "nonobjc", "_optimize", "_documentation",
        "warn_unqualified_access",
    ]
}
