import Foundation
import MusterHistory
import MusterModel
import MusterStore
import MusterSystem

/// One artifact in the answer to `GET /api/runs/FLOW/RUN/tasks/TASK/artifacts`.
struct ArtifactRow: Encodable, Sendable {
    /// Characters of a preview.
    private static let shown = 2_000
    /// Larger artifacts are shown by their first bytes, which are not checked.
    private static let whole = 256 << 10

    let name: String
    let encoding: ArtifactEncoding
    /// Bytes.
    let size: Int
    let digest: String
    let preview: String?
    let isNew: Bool

    init(_ name: String, _ reference: ArtifactReference, _ found: Dashboard.Found, _ artifacts: ArtifactStore) {
        self.name = name
        self.encoding = reference.encoding
        self.size = reference.size
        self.digest = reference.digest
        self.preview = Self.preview(of: reference, artifacts)
        let parents = found.task.parents.map { found.state.machine[$0] }
        self.isNew = !parents.contains { parent in
            parent.results.contains { $0.artifacts[name]?.digest == reference.digest }
        }
    }

    /// A task's artifacts on one node, by name.
    static func references(of found: Dashboard.Found, node: Int) -> [String: ArtifactReference] {
        found.task.artifacts(node: node) ?? [:]
    }

    /// Pickles are never loaded here: to load one is to run what is in it.
    static func hasPreview(_ reference: ArtifactReference) -> Bool { reference.encoding != .pickle }

    private static func preview(of reference: ArtifactReference, _ artifacts: ArtifactStore) -> String? {
        guard self.hasPreview(reference) else { return nil }
        // One that is damaged or missing has no preview; its download says why.
        if reference.size <= self.whole {
            return (try? artifacts.data(reference)).map {
                ArtifactText.text($0, reference.encoding, limit: self.shown)
            }
        }
        let path = artifacts.layout.artifactFile(reference.digest)
        return FileContents.read(path, limit: self.shown * 8).map {
            ArtifactText.text(Data($0), reference.encoding, limit: self.shown, size: reference.size)
        }
    }
}
