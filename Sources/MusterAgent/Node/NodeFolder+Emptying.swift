import FoundationEssentials
import Glibc
import MusterProcess
import MusterSystem
import MusterWire

/// The folder between two attempts of a reusable agent.
extension NodeFolder {
    /// Empties the folder for the next attempt, or removes it, and reports on standard error what is left.
    /// - Parameter left: Processes that could not be ended.
    /// - Returns: True when the next attempt can use the folder.
    func finish(reuses: Bool, left: [ProcessIdentity], _ stamps: FolderStamps, node: Int) -> Bool {
        let isReusable = reuses && left.isEmpty && self.empty(stamps)
        let problems = left.map(\.description) + [isReusable ? nil : self.remove()].compactMap { $0 }
        for problem in problems { AgentErrors.print("left behind on node \(node): \(problem)") }
        return isReusable
    }

    /// Removes what the attempt left, so that the folder is as ``make(package:)`` makes it.
    ///
    /// The folders and files that every attempt needs are kept, because making and removing files costs most in a short
    /// task (saves 18 ms of 163, Benchmarks: foreach). A copy of the code package belongs to one attempt: such a folder is not reusable.
    /// - Parameter stamps: The folders' times as they were when they were last seen empty.
    /// - Returns: False when a kept folder was changed: the whole folder has to be removed then.
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

    /// Overwrites the result with a newline, which counts as none. A file that is truncated to zero and rewritten would be
    /// flushed to the disk by ext4 (`auto_da_alloc`).
    private func emptyResult() -> Bool {
        let result = "\(self.task)/\(ResultFile.name)"
        guard access(result, F_OK) == 0 else { return true }
        guard FileStatus(ofLink: result)?.isFile == true else { return false }
        return (try? FileContents.overwrite(result, with: Data([UInt8(ascii: "\n")]))) != nil
    }

    /// False when the step, which runs as the same user, has moved its folders or changed their modes.
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
