package import MusterModel
package import MusterWire

/// Makes the Python environments that steps ask for.
package protocol StepEnvironments: Sendable {
    /// The interpreter of an environment with `requirements`, made now or taken from the cache.
    /// - Parameter progress: Called with a line for each step of the work.
    /// - Throws: An error whose description is for a person.
    func interpreter(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> String

    /// The lock and files from which nodes that see nothing but the bucket make such an environment. All of them are in the
    /// bucket on return.
    /// - Parameter progress: As above.
    /// - Throws: An error whose description is for a person.
    func carried(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> CarriedEnvironment
}
