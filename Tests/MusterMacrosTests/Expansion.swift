import MusterMacros
import SwiftDiagnostics
import SwiftParser
import SwiftSyntax
import SwiftSyntaxMacroExpansion
import Testing

/// Expands `@Flow` in a source text, without a compiler.
struct Expansion {
    struct Problem: Equatable, CustomStringConvertible {
        let line: Int
        let column: Int
        let message: String
        var description: String { "\(self.line):\(self.column): \(self.message)" }
    }

    let members: [String]
    let problems: [Problem]
    let fixIts: [String]
    /// The names of the properties that become artifacts.
    let artifacts: [String]

    init(_ source: String) throws {
        let file = Parser.parse(source: source)
        let structure = try #require(file.statements.lazy.compactMap { $0.item.as(StructDeclSyntax.self) }.first)
        let attribute = try #require(structure.attributes.first?.as(AttributeSyntax.self))
        let context = BasicMacroExpansionContext(
            sourceFiles: [file: .init(moduleName: "Flows", fullFilePath: "/flows/Flow.swift")])
        self.members = try FlowMacro.expansion(
            of: attribute, providingMembersOf: structure, conformingTo: [], in: context
        ).map(\.description)
        self.artifacts = try structure.memberBlock.members.compactMap { member in
            let attributes = try FlowMacro.expansion(
                of: attribute, attachedTo: structure, providingAttributesFor: member.decl, in: context)
            guard !attributes.isEmpty, let variable = member.decl.as(VariableDeclSyntax.self) else { return nil }
            return variable.bindings.first?.pattern.trimmedDescription
        }
        let converter = SourceLocationConverter(fileName: "Flow.swift", tree: file)
        self.problems = context.diagnostics.map { diagnostic in
            let location = converter.location(for: diagnostic.position)
            return Problem(line: location.line, column: location.column, message: diagnostic.message)
        }
        self.fixIts = context.diagnostics.flatMap(\.fixIts).map(\.message.message)
    }

    /// The problem that `source` is meant to have: right behind the mark `⇒`, which is taken out first.
    static func expectation(_ source: String, _ message: String) throws -> (source: String, problem: Problem) {
        let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
        let line = try #require(lines.firstIndex { $0.contains("⇒") })
        let mark = try #require(lines[line].firstIndex(of: "⇒"))
        let column = lines[line][..<mark].utf8.count + 1
        let clean = source.split(separator: "⇒", omittingEmptySubsequences: false).joined()
        return (clean, Problem(line: line + 1, column: column, message: message))
    }
}
