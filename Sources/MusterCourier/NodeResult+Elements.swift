import FoundationEssentials
package import MusterModel
package import MusterStore
import MusterWire

extension NodeResult {
    /// The elements of a foreach that are artifacts, as its list names them.
    package func elements(in store: ArtifactStore) throws -> [ArtifactReference] {
        try self.items.map { try store.elements(of: $0) } ?? []
    }
}

extension ArtifactStore {
    /// The elements that a foreach's list names as artifacts of their own.
    package func elements(of list: ArtifactReference) throws -> [ArtifactReference] {
        try self.data(list).split(separator: UInt8(ascii: "\n"))
            .filter { ItemLine.isFile(first: $0.first) }
            .map { try ItemLine.decode(ArtifactReference.self, from: Data($0)) }
    }
}
