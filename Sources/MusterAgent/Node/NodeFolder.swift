import FoundationEssentials
import Glibc
import MusterModel
import MusterSystem
import MusterWire

/// A node's folders: those that are removed at the end of the attempt, and the one in which its programs run.
struct NodeFolder: Sendable, Equatable {
    /// On the store's file system, for files that are renamed into the store, and for a copy of the code package.
    let root: String
    /// A folder with a short path, for sockets (at most 107 bytes).
    let short: String
    /// The user's own folder, for a step that runs in place.
    let inPlace: String?

    init(root: String, short: String? = nil, inPlace: String? = nil) {
        self.root = root
        self.short = short ?? root
        self.inPlace = inPlace
    }

    init(_ spec: NodeSpec) {
        self.init(root: spec.scratch, short: spec.temporary, inPlace: spec.inPlace?.workFolder)
    }

    /// The working directory of the step and its processes.
    var work: String { self.inPlace ?? "\(self.root)/work" }
    /// The folder of `task.json` and `result.json`.
    var task: String { "\(self.root)/task" }
    /// The folder for the artifacts that the step program writes.
    var artifacts: String { "\(self.task)/\(Self.artifactsName)" }
    static let artifactsName = "artifacts"
    /// `TMPDIR`: its path is short because programs make sockets some folders below it.
    var temporary: String { "\(self.short)/t" }
    var socket: String { "\(self.short)/agent.sock" }
    /// Files of the cluster's services.
    var cluster: String { "\(self.short)/c" }
    func launch(_ round: LaunchRound) -> String { "\(self.short)/launch-\(round.launch)-\(round.restart)" }

    /// The longest path of a Unix socket, its end mark not counted.
    private static let longestSocket = 107

    /// Makes the folders with mode 0700. Folders of a killed agent of the same attempt are removed first.
    /// - Parameter package: Copied into ``work``, unless the step runs in place.
    func make(package: String) throws(AgentError) {
        guard self.socket.utf8.count <= Self.longestSocket else {
            throw AgentError(
                "the folder \(self.short) has too long a path for a socket: at most "
                    + "\(Self.longestSocket - "/agent.sock".utf8.count) bytes; give a shorter one")
        }
        for root in self.roots { try Self.makeRoot(root) }
        for folder in [self.task, self.temporary] { try Self.make(folder) }
        if self.inPlace == nil { try PackageCopy.make(of: package, at: self.work) }
    }

    /// Makes the folders. Returns the problem, if any.
    func problem(making package: String) -> AgentError? {
        do throws(AgentError) {
            try self.make(package: package)
            return nil
        } catch {
            return error
        }
    }

    private var roots: [String] { self.short == self.root ? [self.root] : [self.root, self.short] }

    private static func makeRoot(_ root: String) throws(AgentError) {
        if mkdir(root, 0o700) == 0 { return }
        switch errno {
        case EEXIST:
            if let problem = self.remove(root) { throw AgentError(problem) }
            try Self.make(root)
        case ENOENT:
            let parent = root.lastIndex(of: "/").map { String(root[..<$0]) } ?? "."
            do {
                try FileManager.default.createDirectory(
                    atPath: parent, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            } catch {
                throw AgentError("cannot make the folder \(parent): \(error)")
            }
            try Self.make(root)
        default:
            throw AgentError.system("make the scratch folder \(root)")
        }
    }

    static func make(_ folder: String) throws(AgentError) {
        guard mkdir(folder, 0o700) == 0 else { throw AgentError.system("make the folder \(folder)") }
    }

    /// Holds an `flock` on the gang's folder on the store's file system, if it exists.
    func holdParent() -> LockedFolder? {
        self.root.lastIndex(of: "/").flatMap { LockedFolder(String(self.root[..<$0])) }
    }

    /// Removes the parents of these folders, if they are empty.
    func removeParent() {
        for root in self.roots {
            guard let slash = root.lastIndex(of: "/") else { continue }
            rmdir(String(root[..<slash]))
        }
    }

    /// Removes the folders without following links. Returns the problem, if any.
    func remove() -> String? {
        let problems = self.roots.compactMap(Self.remove)
        return problems.isEmpty ? nil : problems.joined(separator: "; ")
    }

    private static func remove(_ root: String) -> String? {
        FolderRemoval.remove(root).map { "the scratch folder stays: \($0)" }
    }
}

/// A failed operation of the agent, in one sentence for a person.
package struct AgentError: Error, Sendable, Equatable, CustomStringConvertible {
    let message: String

    package init(_ message: String) { self.message = message }

    init(_ error: SystemError) { self.message = error.description }

    /// From `errno`, right after the system call has failed.
    package static func system(_ doing: String) -> AgentError {
        AgentError(SystemError(errno, doing))
    }

    package var description: String { self.message }
}
