/// A violation of a rule, with the gang and the request that show it.
public struct FrameworkProblem: Sendable, Equatable, CustomStringConvertible {
    public var rule: FrameworkRule
    /// The gang and the request.
    public var place: String
    public var detail: String

    public init(rule: FrameworkRule, place: String, detail: String) {
        self.rule = rule
        self.place = place
        self.detail = detail
    }

    public var description: String { "\(self.rule): \(self.detail) (\(self.place))" }
}
