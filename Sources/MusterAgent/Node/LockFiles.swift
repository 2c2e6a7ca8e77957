import Glibc
import MusterFrameworks
import MusterProcess
import MusterSystem
import Synchronization

/// Lock files and shared-memory segments outside of the node's folder that killed processes would leave: other processes
/// would wait for the first for ever, and nothing would ever use the second.
///
/// Open files are visible only while their process lives, so this looks in /proc before processes are ended, and once a
/// second before that. A file is removed only when a process of this node had it open, its path still means the same inode,
/// and no visible process has it open.
final class LockFiles: Sendable {
    private struct File: Hashable {
        let path: String
        let id: FileID
    }

    private struct State {
        var expected: [StaleFilePattern] = []
        var held: Set<File> = []
    }

    private let state = Mutex(State())

    /// Adds files to look for.
    func expect(_ files: [StaleFilePattern]) {
        self.state.withLock { state in
            for file in files where !state.expected.contains(file) { state.expected.append(file) }
        }
    }

    /// Notes which of the expected files the processes below `pid` have open. While there is no such file, which is nearly
    /// always, this lists a folder and does not read /proc (saves 1 ms of a Python task's 9, Benchmarks: python-foreach).
    /// - Returns: The paths of those that were not noted before.
    @discardableResult
    func look(below pid: Int32 = getpid()) -> [String] {
        let expected = self.state.withLock(\.expected).compactMap(\.resolved)
        guard expected.contains(where: { !$0.present.isEmpty }) else { return [] }
        let found = ProcessTree.descendants(of: pid).flatMap { process in
            Self.open(by: process) { path in expected.contains { $0.names(path) } }
        }
        guard !found.isEmpty else { return [] }
        return self.state.withLock { state in
            let new = Set(found).subtracting(state.held)
            state.held.formUnion(new)
            return new.map(\.path)
        }
    }

    /// Removes the files that were open and still exist. To be called after the end of the processes.
    func remove() {
        let held = self.state.withLock { state in
            defer { state.held = [] }
            return state.held
        }
        let left = held.filter { Self.file(at: $0.path, path: $0.path) == $0 }
        guard !left.isEmpty else { return }
        let paths = Set(left.map(\.path))
        let processes = (Folder.names(in: "/proc") ?? []).compactMap { Int32($0) }
        let inUse = Set(processes.flatMap { Self.open(by: $0, where: paths.contains) })
        for file in left.subtracting(inUse) { unlink(file.path) }
    }

    // MARK: Looking

    /// Returns true when a visible process has the file at `path` open.
    static func isOpen(_ path: String) -> Bool {
        guard let file = self.file(at: path, path: path) else { return false }
        let name = path.split(separator: "/").last.map { "/\($0)" } ?? path
        return (Folder.names(in: "/proc") ?? []).compactMap { Int32($0) }.contains { process in
            self.open(by: process) { $0.hasSuffix(name) }.contains { $0.id == file.id }
        }
    }

    private static func open(by process: Int32, where isMeant: (String) -> Bool) -> [File] {
        let folder = "/proc/\(process)/fd"
        return (Folder.names(in: folder) ?? []).compactMap { name in
            guard let path = NodeFolder.target(of: "\(folder)/\(name)"), isMeant(path) else { return nil }
            return self.file(at: "\(folder)/\(name)", path: path)
        }
    }

    private static func file(at place: String, path: String) -> File? {
        guard let status = FileStatus(place), status.isFile else { return nil }
        return File(path: path, id: status.id)
    }
}

extension StaleFilePattern {
    /// The same with the folder's real path, as /proc names open files; nil when the folder does not exist.
    var resolved: StaleFilePattern? {
        guard let end = self.prefix.lastIndex(of: "/"), let folder = realpath(String(self.prefix[...end]), nil) else {
            return nil
        }
        defer { free(folder) }
        let path = String(cString: folder)
        return StaleFilePattern(prefix: (path == "/" ? "" : path) + self.prefix[end...], suffix: self.suffix)
    }

    /// The files that exist now, up to two folders below the prefix's: torch makes a folder for each extension, and, in its
    /// default place, a folder for each Python around those.
    var present: [String] {
        guard let end = self.prefix.lastIndex(of: "/") else { return [] }
        let folder = String(self.prefix[..<end])
        let entries = Self.entries(of: folder).filter { $0.hasPrefix(self.prefix) }
        guard !self.suffix.isEmpty else { return entries }
        let deeper = entries.flatMap(Self.entries)
        return (entries + deeper + deeper.flatMap(Self.entries)).filter(self.names)
    }

    private static func entries(of folder: String) -> [String] {
        (Folder.names(in: folder) ?? []).map { "\(folder)/\($0)" }
    }

    /// Returns true when the pattern matches `path`.
    func names(_ path: String) -> Bool {
        path.count >= self.prefix.count + self.suffix.count && path.hasPrefix(self.prefix)
            && path.hasSuffix(self.suffix)
    }
}
