/// The request that starts a gang at a place, whole and without a secret.
public struct BackendRequest: Codable, Sendable, Hashable, CustomStringConvertible {
    /// The job's fixed name.
    public var name: String
    /// For people: `sbatch script`, `yaml`, `json`.
    public var kind: String
    public var text: String

    public init(name: String, kind: String, text: String) {
        self.name = name
        self.kind = kind
        self.text = text
    }

    public var description: String { self.text }
}

/// A job at a place: everything that is needed to find it again. It is stored.
public struct BackendJob: Codable, Sendable, Hashable, CustomStringConvertible {
    /// The scheduler's own identifier; empty when it is not known.
    public var id: String
    /// The job's fixed name.
    public var name: String

    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }

    public var description: String { self.id.isEmpty || self.id == self.name ? self.name : "\(self.id) (\(self.name))" }
}
