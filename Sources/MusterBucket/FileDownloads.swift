import FoundationEssentials
import Glibc
import MusterCourier
import MusterObjects
import MusterSystem

/// Brings objects of a bucket into files; the other end of ``FileUploads``.
struct FileDownloads: Sendable {
    let objects: any ObjectStore

    /// Makes the file of the object, or replaces it. An object that is gone is fine.
    /// - Parameter isSecret: The file is for this user alone.
    func fetchWhole(_ key: String, to path: String, isSecret: Bool = false) async throws {
        guard let data = try await self.objects.find(key) else { return }
        try Folder.make(Folder.parent(of: path))
        let draft = "\(Folder.parent(of: path))/.new-\(UUID().uuidString)"
        defer { unlink(draft) }
        let file = try OpenFile(draft, O_WRONLY | O_CREAT | O_EXCL, mode: isSecret ? 0o600 : 0o666)
        try file.write(data)
        try SystemCall.check("write \(path)") { rename(draft, path) }
    }

    /// Appends what the file does not have yet.
    /// - Parameter pieces: In the order of their offsets. After a writer has died they may overlap.
    /// - Returns: False when the pieces go on behind a gap.
    @discardableResult
    func fetchPieces(_ pieces: [ObjectInfo], to path: String) async throws -> Bool {
        var have = FileStatus(path)?.size ?? 0
        for piece in pieces {
            guard let offset = BucketLayout.number(of: piece.key), offset <= have else { return false }
            guard offset + piece.size > have else { continue }
            guard let data = try await self.objects.find(piece.key)?.dropFirst(have - offset) else { return false }
            try Folder.make(Folder.parent(of: path))
            let file = try OpenFile(path, O_WRONLY | O_CREAT)
            try data.withUnsafeBytes { try file.write($0, at: have) }
            have += data.count
        }
        return true
    }
}
