/// A parameter of a flow: a value given once per run.
public struct ParameterManifest: Codable, Sendable, Equatable {
    public var name: String
    public var help: String
    public var kind: ParameterKind
    /// The value when none is given; nil for a required parameter.
    public var defaultValue: ParameterValue?
    public var location: SourceLocation?
    /// The artifact that holds the value, if its name or form differs from the parameter's.
    public var artifact: ParameterArtifact?

    public init(
        name: String, help: String = "", kind: ParameterKind, defaultValue: ParameterValue? = nil,
        location: SourceLocation? = nil, artifact: ParameterArtifact? = nil
    ) {
        self.name = name
        self.help = help
        self.kind = kind
        self.defaultValue = defaultValue
        self.location = location
        self.artifact = artifact
    }

    public var isRequired: Bool { self.defaultValue == nil }

    /// A default of `null` is a default: the parameter is optional, not required.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.name = try container.decode(String.self, forKey: .name)
        self.help = try container.decode(String.self, forKey: .help)
        self.kind = try container.decode(ParameterKind.self, forKey: .kind)
        self.defaultValue =
            container.contains(.defaultValue) ? try container.decode(ParameterValue.self, forKey: .defaultValue) : nil
        self.location = try container.decodeIfPresent(SourceLocation.self, forKey: .location)
        self.artifact = try container.decodeIfPresent(ParameterArtifact.self, forKey: .artifact)
    }
}

/// A parameter's value as its flow has it. For clients, which show it as an artifact.
public struct ParameterArtifact: Codable, Sendable, Equatable {
    public var name: String
    /// The separator of a list that is given as one text.
    public var separator: String?
    /// Of a file whose value is its text and not its bytes.
    public var encoding: String?

    public init(name: String, separator: String? = nil, encoding: String? = nil) {
        self.name = name
        self.separator = separator
        self.encoding = encoding
    }
}

/// The type as which a parameter's text is read.
public enum ParameterKind: Codable, Sendable, Hashable {
    case int
    case double
    case bool
    case string
    case url
    /// One of `cases`, by raw value.
    case choice(cases: [String])
    /// JSON text whose shape the flow checks itself.
    case json
    /// A file, by its path. A run keeps the file's bytes as an artifact, and the reference of that is the value.
    case file
}
