package import MusterModel

/// Carries what runs need between this machine's folder of a store and the bucket that the store is in.
///
/// Every function throws ``StoreError`` for something that is missing or damaged, or the bucket's own error.
package protocol StoreCourier: Sendable {
    /// Brings the artifacts that are missing in the folder. They have been checked when it returns.
    func fetch(_ references: [ArtifactReference]) async throws
    /// Takes the artifacts to the bucket that are not known to be there.
    func store(_ references: [ArtifactReference]) async throws
    /// Brings the code package with this digest, unless it is in the folder.
    func fetch(package digest: String) async throws
    /// Takes the code package to the bucket, unless it is there.
    func store(package: PackedCode) async throws
}
