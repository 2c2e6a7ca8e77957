import FoundationEssentials
package import MusterModel
package import MusterStore
import MusterWire

extension NodeResult {
    /// The elements of a foreach that are artifacts, as its list names them.
    package func elements(in store: ArtifactStore) throws -> [ArtifactReference] {
        guard let items = self.items else { return [] }
        return try store.data(items).split(separator: UInt8(ascii: "\n"))
            .filter { ItemLine.isFile(first: $0.first) }
            .map { try ItemLine.decode(ArtifactReference.self, from: Data($0)) }
    }
}
