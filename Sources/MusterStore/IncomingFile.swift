import FoundationEssentials
import Glibc
import MusterSystem
import Synchronization

/// A file of the store that is still being written. It is removed with the last reference to it, unless it was renamed.
final class IncomingFile: Sendable {
    let path: String
    /// Locked, so that ``StoreLayout/clearIncoming()`` of another process does not take it for a stale one.
    private let file = Mutex<OpenFile?>(nil)

    init(_ layout: StoreLayout) {
        self.path = "\(layout.incoming)/\(UUID().uuidString)"
    }

    deinit { unlink(self.path) }

    /// Makes the file with what `body` writes, read-only for everybody afterwards.
    func write(_ body: (OpenFile) throws -> Void) throws {
        let target = try self.open()
        self.file.withLock { $0 = target }
        target.tryLock(.shared)
        try body(target)
        try target.setMode(0o444)
    }

    private func open() throws(SystemError) -> OpenFile {
        do throws(SystemError) {
            return try OpenFile(self.path, O_WRONLY | O_CREAT | O_EXCL)
        } catch {
            guard error.number == ENOENT else { throw error }
            try Folder.make(Folder.parent(of: self.path))
            return try OpenFile(self.path, O_WRONLY | O_CREAT | O_EXCL)
        }
    }
}
