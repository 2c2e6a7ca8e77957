import Glibc
import MusterSystem

/// The folders of one gang's nodes: one near the store, and one with a short path.
struct ScratchFolder: Sendable, Equatable {
    let near: String
    let short: String

    /// Makes both, for this user alone.
    /// - Throws: ``BackendError`` that names the folder.
    /// - Returns: The lock of the one near the store. While it is held, no other command removes that folder as a stale one.
    ///   The short one is removed with its ``ShortFolder``.
    func make() throws(BackendError) -> LockedFolder? {
        try Self.make(self.short)
        if let locked = LockedFolder.make(self.near) { return locked }
        try Self.make(Folder.parent(of: self.near))
        if let locked = LockedFolder.make(self.near) { return locked }
        try Self.make(self.near)
        return LockedFolder(self.near)
    }

    private static func make(_ path: String) throws(BackendError) {
        do throws(SystemError) {
            try Folder.make(path, mode: 0o700)
        } catch {
            throw BackendError(message: "\(error)", isTransient: true)
        }
    }

    /// Returns a sentence about what cannot be removed; nil when both are removed.
    func remove() -> String? {
        let problems = [self.near, self.short].compactMap(FolderRemoval.remove)
        return problems.isEmpty ? nil : problems.joined(separator: "; ")
    }

    /// The folder of node `index`, in both.
    func node(_ index: Int) -> ScratchFolder {
        ScratchFolder(near: "\(self.near)/\(index)", short: "\(self.short)/\(index)")
    }
}
