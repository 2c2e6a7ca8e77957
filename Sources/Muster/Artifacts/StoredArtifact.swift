import MusterModel
import Synchronization

/// A value in the store, read on first use.
final class StoredArtifact<Value: Codable>: @unchecked Sendable {
    let name: String
    let reference: ArtifactReference
    private let source: ArtifactSource
    // `lock` guards `cached`. Unchecked because `Value` need not be Sendable; `Artifact` is Sendable only when it is.
    private let lock = Mutex(())
    private var cached: Value?

    init(name: String, reference: ArtifactReference, source: ArtifactSource) {
        self.name = name
        self.reference = reference
        self.source = source
    }

    /// The value; ends the step when it cannot be read, because a property cannot throw.
    func value() -> Value {
        self.lock.withLock { _ in
            if self.cached == nil { self.cached = self.load() }
        }
        return self.cached ?? self.load()
    }

    /// Moves the value out of this object. Only for its sole owner.
    func takeValue() -> Value {
        defer { self.cached = nil }
        return self.cached ?? self.load()
    }

    private func load() -> Value {
        do {
            let path = try self.source.locate(self.reference)
            return try ArtifactCoding.read(Value.self, from: path, encoding: self.reference.encoding)
        } catch {
            self.source.giveUp(StepFailure(.store, "artifact '\(self.name)' could not be read: \(error)"))
        }
    }
}

/// The source of artifacts' values: the agent in a step, and the handler of a value that cannot be read.
struct ArtifactSource: Sendable {
    /// The path of a file that holds the artifact's bytes.
    var locate: @Sendable (ArtifactReference) throws -> String
    /// Reports that the artifact cannot be read, and ends the step.
    var giveUp: @Sendable (StepFailure) -> Never
}
