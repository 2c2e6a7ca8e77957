import Glibc
import MusterSystem
import Synchronization

/// A folder of this process with a short path, for the temporary files and sockets of its gangs' nodes. It is made with
/// `mkdtemp`: its name is unique, and no other user can enter it.
///
/// Its lock file is locked while this process lives. Other processes remove a folder whose lock file is free.
final class ShortFolder: Sendable {
    private struct State {
        /// nil until a gang needs it.
        var path: String?
        var lock: OpenFile?
        var gangs = 0
    }

    /// Bytes. A socket's path has at most 107: Ray takes 70 of them below `TMPDIR`; the numbers of a gang and a node, and
    /// the suffix of `mkdtemp`, some 20.
    private static let longestParent = 17
    /// The beginning of the names of all of them; six characters of `mkdtemp` follow.
    static let prefix = "muster-"
    private static let suffixLength = 6
    private static let lockName = "muster.lock"

    /// Folders in which it can be made, the best first.
    private let parents: [String]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - environment: Its `TMPDIR` is the first choice, as long as it is short.
    ///   - last: The folder for it when no other can be written to.
    init(environment: [String: String], last: String) {
        let named = environment["TMPDIR"].flatMap {
            $0.hasPrefix("/") && $0.utf8.count <= Self.longestParent ? $0 : nil
        }
        self.parents = [named, "/tmp", "/var/tmp", last].compactMap { $0 }
    }

    deinit { self.remove() }

    /// The path of a folder for one more gang, which is not made yet.
    /// - Throws: ``BackendError`` when no folder for temporary files can be written to.
    func next() throws(BackendError) -> String {
        do {
            return try self.state.withLock { state in
                let path = try state.path ?? self.make(&state)
                defer { state.gangs += 1 }
                return "\(path)/\(String(state.gangs, radix: 36))"
            }
        } catch {
            throw error as? BackendError ?? BackendError(message: "\(error)", isTransient: true)
        }
    }

    /// Removes it; it is made again when a gang needs it.
    func remove() {
        self.state.withLock { state in
            guard let path = state.path else { return }
            _ = FolderRemoval.remove(path)
            (state.path, state.lock) = (nil, nil)
        }
    }

    private func make(_ state: inout State) throws -> String {
        for parent in self.parents {
            guard let path = Folder.makeUnique(in: parent, prefix: Self.prefix) else { continue }
            guard let lock = Self.lock(path) else {
                _ = FolderRemoval.remove(path)
                continue
            }
            (state.path, state.lock) = (path, lock)
            return path
        }
        throw BackendError(
            message:
                "there is no place for temporary files: none of \(self.parents.joined(separator: ", ")) can be written to",
            isTransient: false)
    }

    /// Makes the lock file. It gets its name when it is locked, so a lock file that is free is a stale one.
    private static func lock(_ path: String) -> OpenFile? {
        let new = "\(path)/\(Self.lockName).new"
        guard let file = try? OpenFile(new, O_RDWR | O_CREAT | O_EXCL, mode: 0o600), file.tryLock(.exclusive),
            rename(new, "\(path)/\(Self.lockName)") == 0
        else { return nil }
        return file
    }

    // MARK: Stale folders of others

    /// Removes the folders of this user's processes that have ended.
    /// - Returns: A sentence for each that cannot be removed.
    func removeStale() -> [String] {
        Set(self.parents).sorted().flatMap { parent -> [String] in
            (Folder.names(in: parent) ?? [])
                .filter { Self.isOurs($0) && Self.isStale("\(parent)/\($0)") }
                .compactMap { FolderRemoval.remove("\(parent)/\($0)") }
        }
    }

    /// True for the names of short folders: exactly six characters behind the prefix, so that a user's own folder
    /// `muster-…` is never removed.
    private static func isOurs(_ name: String) -> Bool {
        name.hasPrefix(self.prefix) && name.utf8.count == self.prefix.utf8.count + self.suffixLength
    }

    private static func isStale(_ path: String) -> Bool {
        guard let status = FileStatus(ofLink: path), status.isFolder, status.owner == geteuid(),
            let lock = try? OpenFile("\(path)/\(Self.lockName)", O_RDWR | O_NOFOLLOW)
        else { return false }
        return lock.tryLock(.exclusive)
    }
}
