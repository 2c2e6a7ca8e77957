/// One rule of the flow graph that a manifest breaks.
package struct GraphProblem: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    /// A stable dotted code; programs match on it, never on the message.
    package enum Code: String, Sendable, Codable, CaseIterable {
        case version = "flow.version"
        case name = "flow.name"
        case duplicate = "flow.duplicate"
        case missingStep = "flow.missing-step"
        case unknownStep = "flow.unknown-step"
        case unreachable = "flow.unreachable"
        case noWayToEnd = "flow.no-way-to-end"
        case terminal = "flow.terminal"
        case branches = "flow.branches"
        case join = "flow.join"
        case joinNames = "flow.join-names"
        case scope = "flow.scope"
        case gang = "flow.gang"
        case caught = "flow.catch"
        case clash = "flow.clash"
        case range = "flow.range"
        case transition = "flow.transition"
        case signature = "flow.signature"
        case source = "flow.source"
    }

    package var code: Code
    /// One sentence with the fault and the remedy.
    package var message: String
    /// The step at fault; nil when it is the flow as a whole.
    package var step: String?
    package var location: SourceLocation?

    package init(_ code: Code, _ message: String, step: StepManifest? = nil, location: SourceLocation? = nil) {
        self.code = code
        self.message = message
        self.step = step?.name
        self.location = location ?? step?.location
    }

    /// A problem that a front end has found. A code that is unknown here counts as a problem of the source.
    init(_ problem: SourceProblem) {
        self.code = Code(rawValue: problem.code) ?? .source
        self.message = problem.message
        self.step = problem.step
        self.location = problem.location
    }

    /// `train.swift:12: step train …`, or the message alone when the place is not known.
    package var description: String {
        self.location.map { "\($0): \(self.message)" } ?? self.message
    }
}
