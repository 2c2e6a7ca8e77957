/// The stored value of a parameter: the text as it was given, which the flow's own language reads, or none.
///
/// | kind | text |
/// |---|---|
/// | `int` | decimal digits, as many as there are, after a `-` where it is below 0 |
/// | `double` | a number as it was given, `inf`, `-inf` or `nan` among them |
/// | `bool` | `true` or `false` |
/// | `json` | the JSON text as it was given |
/// | `file` | the reference of an artifact, as JSON |
/// | others | the text itself |
public struct ParameterValue: Codable, Sendable, Hashable, ExpressibleByStringLiteral {
    /// nil: the parameter has no value.
    public var text: String?

    public init(_ text: String?) { self.text = text }
    public init(stringLiteral text: String) { self.text = text }

    /// No value: `null` in JSON.
    public static let null = ParameterValue(nil)

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        self.text = container.decodeNil() ? nil : try container.decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let text = self.text { try container.encode(text) } else { try container.encodeNil() }
    }
}
