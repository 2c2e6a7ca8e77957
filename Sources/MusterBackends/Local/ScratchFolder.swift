import Foundation
import Glibc
import MusterProcess

/// The folders of one gang's nodes: one near the store, and one with a short path.
struct ScratchFolder: Sendable, Equatable {
    let near: String
    let short: String

    /// Makes both, for this user alone.
    /// - Throws: ``BackendError`` that names the folder.
    /// - Returns: What holds the one near the store: while it is there, no other command clears that away. The short one
    ///   goes with its ``ShortFolder``.
    func make() throws(BackendError) -> HeldFolder? {
        try Self.make(self.short)
        if let held = HeldFolder.make(self.near) { return held }
        try Self.make((self.near as NSString).deletingLastPathComponent)
        if let held = HeldFolder.make(self.near) { return held }
        try Self.make(self.near)
        return HeldFolder(self.near)
    }

    private static func make(_ path: String) throws(BackendError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw BackendError(message: "the folder \(path) cannot be made: \(error)", isTransient: true)
        }
    }

    /// Returns what cannot be removed, in one sentence; nil when both are gone.
    func remove() -> String? {
        let problems = [self.near, self.short].compactMap(FolderRemoval.remove)
        return problems.isEmpty ? nil : problems.joined(separator: "; ")
    }

    /// The folder of node `index`, in both.
    func node(_ index: Int) -> ScratchFolder {
        ScratchFolder(near: "\(self.near)/\(index)", short: "\(self.short)/\(index)")
    }
}
