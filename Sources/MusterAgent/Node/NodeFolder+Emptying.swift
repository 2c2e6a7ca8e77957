import FoundationEssentials
import Glibc
import MusterProcess
import MusterSystem
import MusterWire

/// The folder between two attempts of an agent that stays.
extension NodeFolder {
    /// Removes what the attempt left, so that the folder is as ``make(package:)`` makes it.
    ///
    /// Making and removing files is what costs most in a short task; what every attempt needs stays therefore. A copy of
    /// the code package belongs to one attempt: with one, nothing stays.
    /// - Parameter stamps: What is known of the folders from the attempts before.
    /// - Returns: false when something of that is not as it was made: then only all of it can go.
    func empty(_ stamps: FolderStamps) -> Bool {
        guard self.inPlace != nil, self.isAsMade else { return false }
        let kept = ["task", "t", "agent.sock"]
        return Self.empty(self.root, stamps, but: kept)
            && (self.short == self.root || Self.empty(self.short, stamps, but: kept))
            && Self.empty(self.temporary, stamps, but: [])
            && Self.empty(self.task, stamps, but: [TaskFile.name, ResultFile.name, Self.artifactsName])
            && self.emptyResult()
            && (access(self.artifacts, F_OK) != 0
                || Self.isFolder(self.artifacts) && Self.remove(from: self.artifacts, but: []))
    }

    private static func empty(_ folder: String, _ stamps: FolderStamps, but kept: [String]) -> Bool {
        if stamps.isUntouched(folder) { return true }
        guard self.remove(from: folder, but: Set(kept)) else { return false }
        stamps.remember(folder)
        return true
    }

    /// Leaves a newline, which is no result. ext4 (`auto_da_alloc`) would flush a file that is truncated to zero and
    /// rewritten.
    private func emptyResult() -> Bool {
        let result = "\(self.task)/\(ResultFile.name)"
        guard access(result, F_OK) == 0 else { return true }
        guard FileStatus(ofLink: result)?.isFile == true else { return false }
        return (try? FileContents.overwrite(result, with: Data([UInt8(ascii: "\n")]))) != nil
    }

    /// A step runs as the same user and could have changed anything, its own folders' places and modes included.
    private var isAsMade: Bool {
        [self.root, self.short, self.task, self.temporary].allSatisfy(Self.isFolder)
            && FileStatus(ofLink: self.socket)?.type == S_IFSOCK
    }

    private static func isFolder(_ path: String) -> Bool {
        guard let status = FileStatus(ofLink: path) else { return false }
        return status.isFolder && status.mode & 0o700 == 0o700
    }

    static func target(of link: String) -> String? {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = readlink(link, start, buffer.count)
            guard count >= 0 else { return nil }
            return String(decoding: buffer.prefix(count), as: UTF8.self)
        }
    }

    private static func remove(from folder: String, but kept: some Collection<String>) -> Bool {
        guard let names = Folder.names(in: folder) else { return false }
        return names.allSatisfy { name in
            if kept.contains(name) { return true }
            return FolderRemoval.remove("\(folder)/\(name)") == nil
        }
    }
}
