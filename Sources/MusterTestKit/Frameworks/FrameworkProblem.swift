/// A rule that a framework breaks, and where.
public struct FrameworkProblem: Sendable, Equatable, CustomStringConvertible {
    public var rule: FrameworkRule
    /// The gang, and what was asked.
    public var place: String
    public var detail: String

    public init(rule: FrameworkRule, place: String, detail: String) {
        self.rule = rule
        self.place = place
        self.detail = detail
    }

    public var description: String { "\(self.rule): \(self.detail) (\(self.place))" }
}
