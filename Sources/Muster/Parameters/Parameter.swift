import MusterModel

/// A property of a flow that is given once per run and is the same in every step.
///
///     @Parameter("Passes over the training set.") var epochs = 3
///     @Parameter("Where the images are.") var source: URL
///
/// The second one is required. On the command line they are `--epochs 5` and `--source https://…`, in the environment
/// `MUSTER_PARAMETER_EPOCHS`. `Int`, `Double`, `Bool`, `String`, `URL` and `CaseIterable` enums with text for raw
/// values are read from plain text, any other `Codable` type from JSON. Steps cannot assign to a parameter.
@propertyWrapper
public struct Parameter<Value: Codable> {
    let help: String
    let defaultValue: Value?
    private var given: Value?

    /// A parameter with a default.
    public init(wrappedValue: Value, _ help: String = "") {
        self.help = help
        self.defaultValue = wrappedValue
    }

    /// A required parameter.
    public init(_ help: String = "") {
        self.help = help
        self.defaultValue = nil
    }

    public var wrappedValue: Value {
        guard let value = self.given ?? self.defaultValue else {
            StepExit.now("a required parameter was read outside of a run, where it has no value")
        }
        return value
    }

    mutating func bind(_ value: Value) { self.given = value }
}

extension Parameter: Sendable where Value: Sendable {}

extension Parameter where Value: ExpressibleByNilLiteral {
    /// An optional parameter: nil when none is given.
    public init(_ help: String = "") {
        self.help = help
        self.defaultValue = .some(nil)
    }
}
