import Foundation
import Glibc

/// The folders of one gang's nodes: one near the store, and one with a short path.
struct ScratchFolder: Sendable, Equatable {
    let near: String
    let short: String

    /// Makes both, for this user alone.
    /// - Throws: ``BackendError`` that names the folder.
    func make() throws(BackendError) {
        for path in [self.near, self.short] {
            if mkdir(path, 0o700) == 0 || errno == EEXIST { continue }
            do {
                try FileManager.default.createDirectory(
                    atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw BackendError(message: "the folder \(path) cannot be made: \(error)", isTransient: true)
            }
        }
    }

    func remove() {
        for path in [self.near, self.short] { try? FileManager.default.removeItem(atPath: path) }
    }

    /// The folder of node `index`, in both.
    func node(_ index: Int) -> ScratchFolder {
        ScratchFolder(near: "\(self.near)/\(index)", short: "\(self.short)/\(index)")
    }
}
