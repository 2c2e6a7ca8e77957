import Foundation
import Glibc
import MusterProcess
import Synchronization

/// A folder of this process for what needs short paths: the temporary files and sockets of its gangs' nodes. It has a name
/// that nobody else had (`mkdtemp`) and belongs to this user alone, so nobody can be in the way.
///
/// A file in it is locked as long as this process lives. What others find unlocked is left over, and goes.
final class ShortFolder: Sendable {
    private struct State {
        /// nil until a gang needs it.
        var path: String?
        var lock: CInt = -1
        var gangs = 0
    }

    /// A socket's path has at most 107 bytes. Ray needs 70 of them below `TMPDIR`, and a gang's and a node's number, and
    /// what `mkdtemp` adds, some 20.
    private static let longestParent = 17
    /// How the names of all of them begin.
    static let prefix = "muster-"
    private static let lockName = "lock"

    /// Where it may be, the best place first.
    private let parents: [String]
    private let state = Mutex(State())

    /// - Parameters:
    ///   - environment: Its `TMPDIR` is the first choice, as long as it is short.
    ///   - last: Where it is when nothing else can be written to.
    init(environment: [String: String], last: String) {
        let named = environment["TMPDIR"].flatMap {
            $0.hasPrefix("/") && $0.utf8.count <= Self.longestParent ? $0 : nil
        }
        self.parents = [named, "/tmp", "/var/tmp", last].compactMap { $0 }
    }

    deinit { self.remove() }

    /// A path for one more gang. Nothing is there yet.
    /// - Throws: ``BackendError`` when there is no place for temporary files at all.
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
            close(state.lock)
            (state.path, state.lock) = (nil, -1)
        }
    }

    private func make(_ state: inout State) throws -> String {
        for parent in self.parents {
            guard let path = Self.makeUnique(in: parent) else { continue }
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

    private static func makeUnique(in parent: String) -> String? {
        var template = Array("\(parent)/\(Self.prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { return nil }
        return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// Locked before it has its name: a lock that can be seen and is free means that its owner is gone.
    private static func lock(_ path: String) -> CInt? {
        let descriptor = open("\(path)/\(Self.lockName).new", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return nil }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0,
            rename("\(path)/\(Self.lockName).new", "\(path)/\(Self.lockName)") == 0
        else {
            close(descriptor)
            return nil
        }
        return descriptor
    }

    // MARK: What others left

    /// Removes the folders of this user's processes that are gone.
    /// - Returns: What cannot be removed, a sentence each.
    func clearAbandoned() -> [String] {
        Set(self.parents).sorted().flatMap { parent -> [String] in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
            let abandoned = names.filter { $0.hasPrefix(Self.prefix) && Self.isAbandoned("\(parent)/\($0)") }
            return abandoned.compactMap { FolderRemoval.remove("\(parent)/\($0)") }
        }
    }

    private static func isAbandoned(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() else {
            return false
        }
        let descriptor = open("\(path)/\(Self.lockName)", O_RDWR | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }
}
