import FoundationEssentials
import MusterModel
import MusterWire

/// A flow's artifact: the name it is stored under and the property that holds it.
public struct ArtifactProperty<Root: Flow> {
    /// A string literal, so that the stored values survive a renaming of the property.
    public let name: String
    let bind: (_ flow: inout Root, _ reference: ArtifactReference, _ source: ArtifactSource) -> Void
    let isChanged: (Root) -> Bool
    let reference: (Root) -> ArtifactReference?
    /// Writes the value to a file.
    let write: (Root, _ path: String) throws -> ArtifactEncoding
    let bytes: (Root) throws -> Data
    /// Encodes the value as ``write`` would and drops the bytes, so that the encoder's types are cached.
    let warmUp: (Root) -> Void
    /// Copies the property of another flow without reading its value.
    let adopt: (_ flow: inout Root, _ other: Root) -> Void

    /// - Parameter property: the wrapper itself, as in `\._accuracies`.
    public init<Value: Codable>(_ name: String, _ property: WritableKeyPath<Root, Artifact<Value>>) {
        self.name = name
        self.bind = { flow, reference, source in
            flow[keyPath: property].bind(StoredArtifact(name: name, reference: reference, source: source))
        }
        self.isChanged = { $0[keyPath: property].isChanged }
        self.reference = { $0[keyPath: property].reference }
        self.write = { try ArtifactCoding.write($0[keyPath: property].wrappedValue, to: $1) }
        self.bytes = { try ArtifactCoding.bytes(of: $0[keyPath: property].wrappedValue) }
        self.warmUp = { flow in
            guard case .json = ArtifactCoding.encoding(of: Value.self) else { return }
            _ = try? ArtifactCoding.bytes(of: flow[keyPath: property].wrappedValue)
        }
        self.adopt = { $0[keyPath: property] = $1[keyPath: property] }
    }

    /// True if two flows hold the same value. Unchanged artifacts are compared by digest, without reading them.
    func agrees(_ left: Root, _ right: Root) throws -> Bool {
        if let left = self.reference(left), let right = self.reference(right) {
            return left == right
        }
        return try self.bytes(left) == self.bytes(right)
    }
}
