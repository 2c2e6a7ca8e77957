import CMusterPlatform
import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterProcess
import MusterSystem
import MusterWire

/// The folder in which torch keeps the extensions that it compiles at their first use (`torch.utils.cpp_extension`, through
/// which DeepSpeed gets its operators), for later runs.
///
/// A process that compiles makes a file called `lock`, and all others wait until it is gone: for ever when the compiling
/// process was killed. So every agent whose processes may use the folder holds an `flock` on it, which the kernel releases
/// with the agent. An agent that gets the exclusive lock, and finds no process that has such a file open, removes the file.
final class ExtensionFolder: Sendable {
    static let variable = "TORCH_EXTENSIONS_DIR"
    static let lock = "/lock"

    let path: String
    /// Lock files that no visible process holds, in a folder that processes elsewhere may use: they are left alone.
    let unclear: [String]
    private let folder: OpenFile

    /// Starts to use the folder; nil when it cannot be opened.
    /// - Parameter isOwn: True where only steps of Muster compile, whose agents all hold the folder.
    init?(_ path: String, isOwn: Bool) {
        guard let folder = try? OpenFile(path, O_RDONLY | O_DIRECTORY) else { return nil }
        self.path = path
        self.folder = folder
        let isAlone = folder.tryLock(.exclusive)
        let dead = isAlone ? Self.unheld(in: path) : []
        let seesAll = isOwn || Self.seesAll(folder)
        if seesAll { for lock in dead { unlink(lock) } }
        self.unclear = seesAll ? [] : dead
        folder.lock(.shared)
    }

    /// The lock files of a folder.
    static func locks(in folder: String) -> StaleFilePattern {
        StaleFilePattern(prefix: folder + "/", suffix: self.lock)
    }

    /// The lock files that no process that can be seen has open.
    private static func unheld(in folder: String) -> [String] {
        self.locks(in: folder).present.filter { !LockFiles.isOpen($0) }
    }

    /// Names the folder to everything on the node, removes stale lock files, and holds it. A few system calls.
    ///
    /// The folder is made where it is likely to be used, so that an agent in another container sees that it is in use.
    static func use(
        for spec: NodeSpec, in environment: inout [String: String], lockFiles: LockFiles, log: NodeLog
    ) -> ExtensionFolder? {
        let named = environment[self.variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
        // A value of the user that is no absolute path is left to torch to refuse.
        let isFree = environment[self.variable] == nil
        guard let path = named ?? (isFree ? self.place(python: spec.task.python, environment: environment) : nil)
        else { return nil }
        environment[self.variable] = path
        // A failure is reported by torch when it compiles; most steps never do.
        if named == nil, spec.framework != nil || spec.task.python != nil {
            try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        lockFiles.expect([self.locks(in: path)])
        let folder = ExtensionFolder(path, isOwn: named == nil)
        for lock in folder?.unclear ?? [] {
            log.say("no process seen here holds \(lock), for which torch waits: if nothing compiles, remove it")
        }
        return folder
    }

    // MARK: The place

    /// The folder where the user names none: inside the step's Python environment, which is removed with it, or a folder for
    /// each interpreter in the cache.
    static func place(python: String?, environment: [String: String]) -> String? {
        if let python, let root = Self.environmentRoot(python) { return "\(root)/torch_extensions" }
        let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        guard let cache = Self.cache(environment), let python = python ?? ExecutableSearch.find("python3", path: path)
        else { return nil }
        let name = python.split(separator: "/").joined(separator: "-")
        return "\(cache)/torch_extensions/\(name)"
    }

    /// The root of a Python environment that Muster has made; nil for other interpreters.
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

    // MARK: Visible processes

    /// The inode of the initial PID namespace (`PROC_PID_INIT_INO`). From any other one, not all processes are visible.
    private static let firstNamespace = "pid:[4026531836]"
    /// File systems that other machines may have mounted too: NFS, SMB and its successors, Lustre, GPFS, BeeGFS, Ceph, AFS,
    /// 9P, FUSE. Source: `linux/magic.h` and the file systems' own headers.
    private static let shared: Set<UInt32> = [
        0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x0BD0_0BD0, 0x4750_4653, 0x1983_0326, 0x00C3_6400, 0x5346_414F,
        0x0102_1997, 0x6573_5546,
    ]

    /// Returns true when every process that could have a file of the folder open is visible from here.
    private static func seesAll(_ folder: OpenFile) -> Bool {
        guard let status = try? folder.status() else { return false }
        return !self.shared.contains(UInt32(truncatingIfNeeded: muster_file_system(folder.descriptor)))
            && NodeFolder.target(of: "/proc/self/ns/pid") == self.firstNamespace
            && (geteuid() == 0 || status.isWrittenByOwnerAlone)
    }
}
