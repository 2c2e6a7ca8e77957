package import MusterModel

/// Makes the Python environments that steps ask for.
package protocol StepEnvironments: Sendable {
    /// The interpreter of an environment that holds what `requirements` say, made now or taken from the cache.
    /// - Parameter progress: Told what is being done, a line at a time.
    /// - Throws: An error whose description is for a person.
    func interpreter(
        for requirements: PythonRequirements, progress: @escaping @Sendable (String) -> Void
    ) async throws -> String
}
