import FoundationEssentials
import Glibc
package import MusterObjects
import MusterSystem
import Synchronization

/// Takes files to a bucket while they change: one that grows in pieces, each named by the offset of its first byte, any
/// other as a whole when it has changed.
///
/// Calls for one file must follow one another.
package final class FileUploads: Sendable {
    /// The part of a file that the bucket has.
    private struct Sent {
        /// Bytes of a file that grows.
        var bytes = 0
        /// How many pieces went, and when the last one did.
        var pieces = 0
        var last = 0.0
        /// What another file was like when it was sent.
        var status: FileStatus?
    }

    /// Pieces that go as soon as there is something, and the seconds between later ones.
    private static let briskPieces = 30
    private static let pause = 5.0
    /// Bytes of a piece at most.
    private static let longestPiece = 8 << 20

    private let objects: any ObjectStore
    private let key: @Sendable (_ path: String) -> String
    private let sent = Mutex<[String: Sent]>([:])

    /// - Parameter key: The key of a file, or the one that those of its pieces begin with.
    package init(_ objects: any ObjectStore, key: @escaping @Sendable (_ path: String) -> String) {
        self.objects = objects
        self.key = key
    }

    /// Sends what has been written since the last time. A file that does not exist is fine.
    /// - Parameter toEnd: The rest is sent now, though its turn has not come yet.
    package func sendGrowing(_ path: String, toEnd: Bool) async throws {
        guard let size = FileStatus(path)?.size else { return }
        let now = Uptime.now()
        while let offset = self.next(path, size, toEnd, now) {
            let bytes = try OpenFile(path, O_RDONLY).bytes(from: offset, limit: min(Self.longestPiece, size - offset))
            guard !bytes.isEmpty else { return }
            try await self.objects.put(Data(bytes), at: BucketLayout.piece(of: self.key(path), offset: offset))
            self.sent.withLock { sent in
                sent[path, default: Sent()].bytes = offset + bytes.count
                sent[path, default: Sent()].pieces += 1
                sent[path, default: Sent()].last = now
            }
        }
    }

    /// The offset of the next piece; nil when none is due.
    private func next(_ path: String, _ size: Int, _ toEnd: Bool, _ now: Double) -> Int? {
        let sent = self.sent.withLock { $0[path] ?? Sent() }
        guard size > sent.bytes else { return nil }
        let isDue =
            toEnd || sent.pieces < Self.briskPieces || now - sent.last >= Self.pause || sent.last == now
            || size - sent.bytes >= Self.longestPiece
        return isDue ? sent.bytes : nil
    }

    /// Sends the file when it has changed since the last time. One that does not exist is fine.
    package func sendWhole(_ path: String, mode: PutMode = .replacing) async throws {
        guard let status = FileStatus(path), self.sent.withLock({ $0[path]?.status }) != status,
            let bytes = FileContents.read(path)
        else { return }
        _ = try await self.objects.put(Data(bytes), at: self.key(path), mode: mode)
        self.sent.withLock { $0[path, default: Sent()].status = status }
    }

    /// The bytes of a growing file that the bucket has.
    package func sentBytes(of path: String) -> Int { self.sent.withLock { $0[path]?.bytes ?? 0 } }

    /// Forgets what was sent of files that change no more.
    package func forget(where isOver: (String) -> Bool) {
        self.sent.withLock { $0 = $0.filter { !isOver($0.key) } }
    }
}
