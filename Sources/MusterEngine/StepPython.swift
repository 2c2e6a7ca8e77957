import MusterWire

/// The Python of a step with packages of its own.
enum StepPython: Sendable, Hashable {
    /// The path of its interpreter, for nodes that see this machine's folders.
    case interpreter(String)
    /// What the other nodes make it from.
    case carried(CarriedEnvironment)

    var interpreter: String? { if case .interpreter(let path) = self { path } else { nil } }
    var carried: CarriedEnvironment? { if case .carried(let environment) = self { environment } else { nil } }
}
