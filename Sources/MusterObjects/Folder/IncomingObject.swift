import FoundationEssentials
import Glibc
import MusterSystem

/// A file that is not an object yet. It is removed with the last reference to it, unless it was put in place.
///
/// It is locked while it is written: one that nobody has locked is a dead process's (``FolderObjectStore/removeStale()``).
final class IncomingObject {
    let file: OpenFile

    init(in root: String) throws(SystemError) {
        let path = "\(root)/\(FolderKey.incoming)/\(UUID().uuidString)"
        do throws(SystemError) {
            self.file = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL)
        } catch {
            guard error.number == ENOENT else { throw error }
            try Folder.make(Folder.parent(of: path))
            self.file = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL)
        }
        self.file.tryLock(.shared)
    }

    deinit { unlink(self.file.path) }

    /// Makes the file the object at `target`, with the folders above it.
    func place(at target: String, _ mode: PutMode) throws(SystemError) -> PutOutcome {
        // A folder that was just made may be removed by a store that has removed the last object in it.
        for _ in 0..<100 {
            let number = mode == .replacing ? self.rename(to: target) : self.link(to: target)
            switch number {
            case 0: return .stored
            case EEXIST where mode == .creating && FileStatus(target)?.isFile == true: return .exists
            case EEXIST where mode == .creating: throw SystemError(EISDIR, "make \(target)")
            case ENOENT: try self.makeFolder(of: target)
            default: throw SystemError(number, "make \(target)")
            }
        }
        throw SystemError(ENOENT, "make \(target), whose folder is removed again and again")
    }

    /// Makes the folder of `target`; fine when one above it is removed meanwhile.
    private func makeFolder(of target: String) throws(SystemError) {
        do throws(SystemError) { try Folder.make(Folder.parent(of: target)) } catch {
            guard error.number == ENOENT else { throw error }
        }
    }

    private func rename(to target: String) -> CInt {
        Glibc.rename(self.file.path, target) == 0 ? 0 : errno
    }

    private func link(to target: String) -> CInt {
        if Glibc.link(self.file.path, target) == 0 { return 0 }
        let number = errno
        // NFS repeats a request whose answer was lost, and the second one then finds the link of the first.
        if number == EEXIST, let own = FileStatus(self.file.path), own.links > 1, FileStatus(target)?.id == own.id {
            return 0
        }
        return number
    }
}
