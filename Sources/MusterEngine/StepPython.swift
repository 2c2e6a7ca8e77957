import MusterModel
import MusterWire

/// The Python of a step with packages of its own.
enum StepPython: Sendable, Hashable {
    /// The path of its interpreter, for nodes that see this machine's folders.
    case interpreter(String)
    /// The lock and files from which the other nodes make an environment.
    case carried(CarriedEnvironment)

    var interpreter: String? { if case .interpreter(let path) = self { path } else { nil } }
    var carried: CarriedEnvironment? { if case .carried(let environment) = self { environment } else { nil } }
}

extension StepEnvironments {
    /// - Parameter isCarried: The step's nodes make the environment for themselves.
    func python(
        for requirements: PythonRequirements, isCarried: Bool, progress: @escaping @Sendable (String) -> Void
    ) async throws -> StepPython {
        isCarried
            ? .carried(try await self.carried(for: requirements, progress: progress))
            : .interpreter(try await self.interpreter(for: requirements, progress: progress))
    }
}
