import SwiftSyntax

/// A stored property of a flow that is an artifact or a parameter.
struct PropertySource {
    enum Kind { case artifact, parameter }

    let variable: VariableDeclSyntax
    let kind: Kind

    /// Nil for constants, computed and static properties.
    init?(_ variable: VariableDeclSyntax) {
        let isParameter = Self.attributes(variable).contains { $0.plainName == "Parameter" }
        let modifiers = variable.modifiers.map(\.name.text)
        guard !modifiers.contains("static"), variable.bindings.allSatisfy({ Self.isStored($0) }) else { return nil }
        guard variable.bindingSpecifier.tokenKind == .keyword(.var) || isParameter else { return nil }
        self.variable = variable
        self.kind = isParameter ? .parameter : .artifact
    }

    var binding: PatternBindingSyntax? { self.variable.bindings.first }
    var identifier: TokenSyntax? { self.binding?.pattern.as(IdentifierPatternSyntax.self)?.identifier }
    var name: String { self.identifier?.plainName ?? "" }
    var type: TypeSyntax? { self.binding?.typeAnnotation?.type }

    /// True if a property wrapper can be attached; ``check(_:)`` reports the obstacle otherwise.
    var isMarkable: Bool {
        self.variable.bindings.count == 1 && self.identifier != nil && self.foreignAttribute == nil
            && self.variable.bindingSpecifier.tokenKind == .keyword(.var)
            && !self.variable.modifiers.contains { ["lazy", "weak", "unowned"].contains($0.name.text) }
            && (self.kind == .parameter || (self.hasDefault && self.uncodable == nil))
    }

    var isOptional: Bool {
        guard let type = self.type else { return false }
        return type.is(OptionalTypeSyntax.self) || type.trimmedDescription.hasPrefix("Optional<")
    }

    func check(_ report: inout Report) {
        let name = self.name
        if self.variable.bindings.count > 1 {
            report.error(self.variable, "declare each artifact in a `var` of its own")
        } else if self.identifier == nil {
            report.error(self.variable, "an artifact needs a name; it cannot be a pattern")
        } else if self.variable.bindingSpecifier.tokenKind != .keyword(.var) {
            report.error(
                self.variable.bindingSpecifier, "parameter '\(name)' must be a `var`; steps cannot assign to it")
        } else if let modifier = self.variable.modifiers.first(where: {
            ["lazy", "weak", "unowned"].contains($0.name.text)
        }) {
            report.error(modifier, "artifact '\(name)' cannot be `\(modifier.name.text)`: it is kept from step to step")
        } else if let attribute = self.foreignAttribute {
            report.error(
                attribute,
                "artifact '\(name)' cannot have the attribute @\(attribute.plainName): it is kept in the store")
        } else if self.kind == .artifact, let (type, reason) = self.uncodable {
            report.error(type, "artifact '\(name)' cannot be kept: \(reason) is not Codable")
        } else if self.kind == .artifact, !self.hasDefault, let identifier = self.identifier {
            report.error(identifier, "artifact '\(name)' needs a default: it has no value before the step that sets it")
        }
    }

    private var hasDefault: Bool { self.binding?.initializer != nil || self.type?.is(OptionalTypeSyntax.self) == true }

    /// An attribute that is neither Muster's nor the compiler's, such as a property wrapper.
    private var foreignAttribute: AttributeSyntax? {
        Self.attributes(self.variable).first { !["Parameter", "Artifact", "available"].contains($0.plainName) }
    }

    /// Types that are not Codable by their syntax. The compiler finds the others.
    private var uncodable: (TypeSyntax, String)? {
        guard let type = self.type else { return nil }
        if type.is(FunctionTypeSyntax.self) { return (type, "a function") }
        if type.is(TupleTypeSyntax.self) { return (type, "a tuple") }
        if type.is(SomeOrAnyTypeSyntax.self) || type.trimmedDescription == "Any" { return (type, "'\(type.trimmed)'") }
        return nil
    }

    private static func attributes(_ variable: VariableDeclSyntax) -> [AttributeSyntax] {
        variable.attributes.compactMap { $0.as(AttributeSyntax.self) }
    }

    /// Observers keep a property stored; any other accessor makes it computed.
    private static func isStored(_ binding: PatternBindingSyntax) -> Bool {
        switch binding.accessorBlock?.accessors {
        case nil: true
        case .getter: false
        case .accessors(let accessors):
            accessors.allSatisfy { ["willSet", "didSet"].contains($0.accessorSpecifier.text) }
        }
    }
}
