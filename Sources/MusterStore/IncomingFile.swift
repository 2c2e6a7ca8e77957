import FoundationEssentials
import Glibc
import Synchronization

/// A file of the store that is still being written. Goes when the last reference to it goes, unless it was renamed.
final class IncomingFile: Sendable {
    let path: String
    /// Open and locked from its making on: what nobody holds is cleared away (``StoreLayout/clearIncoming()``).
    private let file = Mutex<OpenFile?>(nil)

    init(_ layout: StoreLayout) {
        self.path = "\(layout.incoming)/\(UUID().uuidString)"
    }

    deinit { unlink(self.path) }

    /// Makes the file with what `body` writes, read-only for everybody afterwards.
    func write(_ body: (OpenFile) throws -> Void) throws {
        let target = try self.open()
        self.file.withLock { $0 = target }
        flock(target.descriptor, LOCK_SH | LOCK_NB)
        try body(target)
        try SystemCall.check("make \(self.path) read-only") { fchmod(target.descriptor, 0o444) }
    }

    private func open() throws(StoreError) -> OpenFile {
        do {
            return try OpenFile(self.path, O_WRONLY | O_CREAT | O_EXCL)
        } catch let error where error.code == .missing {
            try Folder.make(String(self.path[..<(self.path.lastIndex(of: "/") ?? self.path.endIndex)]))
            return try OpenFile(self.path, O_WRONLY | O_CREAT | O_EXCL)
        }
    }
}
