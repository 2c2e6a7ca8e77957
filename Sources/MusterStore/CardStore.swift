import Crypto
package import FoundationEssentials
import Glibc
package import MusterModel
import MusterSystem

/// Pages that a running task shows people, beside its log. Unlike an artifact, a page may be replaced by a newer one, and
/// is there while the task runs and when it has failed.
package struct CardStore: Sendable {
    package let layout: StoreLayout

    package init(_ layout: StoreLayout) {
        self.layout = layout
    }

    /// Moves the page `file` into the store, in place of the one that is there. A reader gets one of the two, complete.
    /// - Throws: ``StoreError``.
    package func take(file: String, as card: CardName, of attempt: AttemptID, node: Int) throws {
        try StoreError.wrapping {
            let source = try Taking.open(file)
            let target = self.layout.cardFile(attempt, node: node, card)
            if try self.rename(file, to: target, of: attempt) { return }
            let copy = IncomingFile(self.layout)
            try copy.write { target in try source.forEachPiece(target.write) }
            _ = try self.rename(copy.path, to: target, of: attempt)
            unlink(file)
        }
    }

    /// A page by its path, and the digest of its bytes.
    package func page(_ path: String) throws -> (bytes: Data, digest: String) {
        let bytes: Data
        do {
            bytes = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw StoreError(.failed, "cannot read \(path): \(error)")
        }
        var hash = SHA256()
        hash.update(data: bytes)
        return (bytes, Hexadecimal.text(hash.finalize()))
    }

    /// Returns false when `target` is on another file system.
    private func rename(_ file: String, to target: String, of attempt: AttemptID) throws(StoreError) -> Bool {
        let folder = self.layout.stepFolder(flow: attempt.flow, run: attempt.run, step: attempt.step)
        return try Taking.move(file, to: target, in: folder, "the card \(file)")
    }
}
