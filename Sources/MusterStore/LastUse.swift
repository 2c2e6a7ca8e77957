import FoundationEssentials
import Glibc
package import MusterSystem

/// The last use of artifacts' files and of code packages' folders: when they were made or used again, as `ctime` says, which
/// no program can set to the past.
///
/// Using again and removing exclude each other by a lock (`flock`) on the file: whoever makes an old one young holds it
/// shared, whoever removes it holds it exclusive and looks at the time once more. On file systems without locks nothing is
/// removed.
package enum LastUse {
    /// Unix seconds.
    package static func time(_ status: FileStatus) -> Double { Double(status.changed) / 1e9 }

    /// The outcome of ``renew(_:_:)``.
    enum Renewal {
        /// It is there and young.
        case young
        /// It is there, and another user's, whose times this one cannot change.
        case foreign
        case gone
    }

    /// Makes an old file or folder young. A young one costs one `stat`.
    static func renew(_ path: String, _ safety: SafetyTime) -> Renewal {
        guard let status = FileStatus(path) else { return .gone }
        if Date().timeIntervalSince1970 - self.time(status) < safety.youth { return .young }
        guard let file = self.hold(path) else { return FileStatus(path) == nil ? .gone : .foreign }
        // Between the opening and the lock it may have been removed, or replaced.
        guard (try? file.status().id) == FileStatus(path)?.id else { return self.renew(path, safety) }
        return futimens(file.descriptor, nil) == 0 ? .young : .foreign
    }

    /// Keeps the file at `path` from being removed for as long as the value lives; nil when there is none.
    static func hold(_ path: String) -> OpenFile? {
        guard let file = try? OpenFile(path, O_RDONLY) else { return nil }
        file.lock(.shared)
        return file
    }

    /// The outcome of a removal.
    package enum Removal: Sendable, Equatable {
        case removed
        /// It was used meanwhile, or is in use.
        case used
        case gone
        case refused(String)
    }

    /// Removes the file or folder at `path` if its last use was before `horizon`, in Unix seconds.
    /// - Parameter aside: A path on the same file system to which a folder is moved first, so that nobody sees a half one.
    package static func remove(_ path: String, usedBefore horizon: Double, aside: String) -> Removal {
        let file: OpenFile
        do throws(SystemError) { file = try OpenFile(path, O_RDONLY | O_NOFOLLOW) } catch {
            return error.number == ENOENT
                ? .gone : .refused("\(path) cannot be removed: \(SystemError.text(error.number))")
        }
        guard file.tryLock(.exclusive) else {
            return errno == EWOULDBLOCK
                ? .used
                : .refused("\(path) is not removed: its file system has no locks, which keep it from running flows")
        }
        guard let status = FileStatus(path), status.id == (try? file.status().id), self.time(status) < horizon else {
            return .used
        }
        let gone = status.isFolder ? rename(path, aside) : unlink(path)
        guard gone == 0 else { return .refused("\(path) cannot be removed: \(SystemError.lastText)") }
        guard status.isFolder, let problem = FolderRemoval.remove(aside) else { return .removed }
        return .refused(problem)
    }
}
