import MusterModel
import Synchronization

/// A value in the store that is read when it is first asked for.
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

    /// The value, which this object then forgets. Only for the sole owner.
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

/// Where the values of artifacts come from, and what happens when one cannot be read.
struct ArtifactSource: Sendable {
    /// The path of a file that holds the artifact's bytes.
    var locate: @Sendable (ArtifactReference) throws -> String
    /// Ends the step.
    var giveUp: @Sendable (StepFailure) -> Never
}
