package import MusterModel

/// A step's Python environment, for nodes that see nothing but the bucket: what each machine makes it from.
package struct CarriedEnvironment: Codable, Sendable, Hashable {
    /// A package's file, whose name uv reads.
    package struct Wheel: Codable, Sendable, Hashable {
        package var name: String
        package var file: ArtifactReference

        package init(name: String, file: ArtifactReference) {
            self.name = name
            self.file = file
        }
    }

    /// The version of Python that the lock is for: `3.11`.
    package var python: String
    /// The program that makes the environment.
    package var uv: ArtifactReference
    /// Exact versions and the hashes of all files, in the format of `requirements.txt`.
    package var lock: ArtifactReference
    /// A file for each package of the lock; nil when they come from an index.
    package var wheels: [Wheel]?

    package init(python: String, uv: ArtifactReference, lock: ArtifactReference, wheels: [Wheel]? = nil) {
        self.python = python
        self.uv = uv
        self.lock = lock
        self.wheels = wheels
    }

    package var artifacts: [ArtifactReference] { [self.uv, self.lock] + (self.wheels ?? []).map(\.file) }
}
