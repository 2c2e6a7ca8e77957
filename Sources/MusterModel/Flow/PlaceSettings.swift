/// The place that a step asks for, such as `slurm`, and its options, whose shape is the place's own.
public struct PlaceSettings: Codable, Sendable, Hashable {
    public var name: String
    public var options: [String: JSONValue]

    public init(name: String, options: [String: JSONValue] = [:]) {
        self.name = name
        self.options = options
    }
}
