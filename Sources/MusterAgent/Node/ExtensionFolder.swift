import CMusterPlatform
import Glibc
import MusterFrameworks
import MusterProcess
import MusterSystem

/// The folder in which torch keeps what it compiles at its first use (`torch.utils.cpp_extension`, which is how
/// DeepSpeed gets its operators), for later runs.
///
/// Whoever compiles makes a file called `lock`, and all others wait until it is gone: one whose process was killed with
/// all that could have removed it would be waited for for ever. So every agent whose processes may use the folder holds
/// a lock of the system on it, which ends with the agent. Who is alone there, and sees no process that has such a file
/// open, removes it.
final class ExtensionFolder: Sendable {
    static let variable = "TORCH_EXTENSIONS_DIR"
    static let lock = "/lock"

    let path: String
    /// Locks of a folder of the user's that nobody seems to hold, though somebody may who cannot be seen from here.
    let doubtful: [String]
    private let folder: OpenFile

    /// Starts to use the folder; nil when it cannot be opened.
    /// - Parameter isOwn: Whether only steps of Muster's compile there, whose agents all hold it.
    init?(_ path: String, isOwn: Bool) {
        guard let folder = try? OpenFile(path, O_RDONLY | O_DIRECTORY) else { return nil }
        self.path = path
        self.folder = folder
        let isAlone = folder.tryLock(.exclusive)
        let dead = isAlone ? Self.unheld(in: path) : []
        let seesAll = isOwn || Self.seesAll(folder)
        if seesAll { for lock in dead { unlink(lock) } }
        self.doubtful = seesAll ? [] : dead
        folder.lock(.shared)
    }

    /// The lock files of a folder.
    static func locks(in folder: String) -> StaleFilePattern {
        StaleFilePattern(prefix: folder + "/", suffix: self.lock)
    }

    /// The lock files that no process that can be seen has open.
    private static func unheld(in folder: String) -> [String] {
        self.locks(in: folder).present.filter { !HeldFiles.isOpen($0) }
    }

    // MARK: The place

    /// Where the node's processes compile, unless the user has said it: beside the step's environment, which goes with
    /// it, or in the cache, where each interpreter has a place of its own.
    static func place(python: String?, environment: [String: String]) -> String? {
        if let python, let root = Self.environmentRoot(python) { return "\(root)/torch_extensions" }
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        guard let cache = Self.cache(environment), let python = python ?? ExecutableSearch.find("python3", path: path)
        else { return nil }
        let name = python.split(separator: "/").joined(separator: "-")
        return "\(cache)/torch_extensions/\(name)"
    }

    /// The folder of an environment that Muster has made.
    private static func environmentRoot(_ python: String) -> String? {
        let parts = python.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count > 3 else { return nil }
        let root = parts.dropLast(2).joined(separator: "/")
        return access("\(root)/muster.json", F_OK) == 0 ? root : nil
    }

    private static func cache(_ environment: [String: String]) -> String? {
        let set = { (name: String) in environment[name].flatMap { $0.hasPrefix("/") ? $0 : nil } }
        return set("MUSTER_CACHE") ?? set("XDG_CACHE_HOME").map { "\($0)/muster" }
            ?? set("HOME").map { "\($0)/.cache/muster" }
    }

    // MARK: Who can be seen

    /// Of the system's first namespace of processes: who is in another one does not see all.
    private static let firstNamespace = "pid:[4026531836]"
    /// File systems that other machines may have mounted too: NFS, SMB and its successors, Lustre, GPFS, BeeGFS, Ceph,
    /// AFS, 9P, and what a program serves. Source: `linux/magic.h` and the file systems' own.
    private static let shared: Set<UInt32> = [
        0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0BD0_0BD0, 0x4750_4653, 0x1983_0326, 0x00C3_6400, 0x5346_414F,
        0x0102_1997, 0x6573_5546,
    ]

    /// Whether every process that could have a file of the folder open is seen from here.
    private static func seesAll(_ folder: OpenFile) -> Bool {
        guard let status = try? folder.status() else { return false }
        return !self.shared.contains(UInt32(truncatingIfNeeded: muster_file_system(folder.descriptor)))
            && NodeFolder.target(of: "/proc/self/ns/pid") == self.firstNamespace
            && (geteuid() == 0 || status.isWrittenByOwnerAlone)
    }
}
