import FoundationEssentials
import Glibc
import MusterWire

/// The folder between two attempts of an agent that stays.
extension NodeFolder {
    /// Removes what the attempt left, so that the folder is as ``make(package:)`` makes it.
    ///
    /// Making and removing files is what costs most in a short task; what every attempt needs stays therefore.
    /// - Returns: false when something of that is not as it was made: then only all of it can go.
    func empty(package: String) -> Bool {
        guard self.isAsMade, self.linksAreAsMade(package) else { return false }
        let kept = ["work", "task", "tmp", "agent.sock"]
        return Self.remove(from: self.root, but: kept)
            && Self.remove(from: self.temporary, but: [])
            && Self.remove(from: self.task, but: [TaskFile.name, ResultFile.name, "artifacts"])
            && self.emptyResult()
            && (access(self.artifacts, F_OK) != 0 || Self.isFolder(self.artifacts) && Self.remove(from: self.artifacts, but: []))
            && Self.remove(from: self.work, but: Set(Self.names(in: package) ?? []))
    }

    private func emptyResult() -> Bool {
        let result = "\(self.task)/\(ResultFile.name)"
        return access(result, F_OK) != 0 || Self.kind(of: result)?.type == S_IFREG && truncate(result, 0) == 0
    }

    /// A step runs as the same user and could have changed anything, its own folders' places and modes included.
    private var isAsMade: Bool {
        [self.root, self.work, self.task, self.temporary].allSatisfy(Self.isFolder)
            && Self.kind(of: self.socket)?.type == S_IFSOCK
    }

    private func linksAreAsMade(_ package: String) -> Bool {
        guard let names = Self.names(in: package) else { return false }
        return names.allSatisfy { Self.target(of: "\(self.work)/\($0)") == "\(package)/\($0)" }
    }

    private static func isFolder(_ path: String) -> Bool {
        guard let kind = Self.kind(of: path) else { return false }
        return kind.type == S_IFDIR && kind.mode & 0o700 == 0o700
    }

    private static func kind(of path: String) -> (type: mode_t, mode: mode_t)? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        return (status.st_mode & S_IFMT, status.st_mode & 0o7777)
    }

    private static func target(of link: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = readlink(link, start, buffer.count)
            guard count >= 0 else { return nil }
            return String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }

    private static func remove(from folder: String, but kept: some Collection<String>) -> Bool {
        guard let names = Self.names(in: folder) else { return false }
        return names.allSatisfy { name in
            if kept.contains(name) { return true }
            let path = "\(folder)/\(name)"
            return unlink(path) == 0 || (try? FileManager.default.removeItem(atPath: path)) != nil
        }
    }
}
