import FoundationEssentials
import Glibc
import MusterModel
import MusterSystem
import MusterWire

/// A node's folders: everything on the node that goes when the attempt ends, and where its programs run.
struct NodeFolder: Sendable, Equatable {
    /// On the store's file system: what is moved into the store, and a copy of the code package.
    let root: String
    /// Where paths are short, for sockets.
    let short: String
    /// The user's own folder, where the step runs in place.
    let inPlace: String?

    init(root: String, short: String? = nil, inPlace: String? = nil) {
        self.root = root
        self.short = short ?? root
        self.inPlace = inPlace
    }

    init(_ spec: NodeSpec) {
        self.init(root: spec.scratch, short: spec.temporary, inPlace: spec.inPlace?.workFolder)
    }

    /// Where the step and its processes run.
    var work: String { self.inPlace ?? "\(self.root)/work" }
    /// Where `task.json` and `result.json` stand.
    var task: String { "\(self.root)/task" }
    /// Where the step program puts its artifacts.
    var artifacts: String { "\(self.task)/\(Self.artifactsName)" }
    static let artifactsName = "artifacts"
    /// Short, as everything below it should be: programs make sockets some folders further down.
    var temporary: String { "\(self.short)/t" }
    var socket: String { "\(self.short)/agent.sock" }
    /// Files of the cluster's services.
    var cluster: String { "\(self.short)/c" }
    func launch(_ round: LaunchRound) -> String { "\(self.short)/launch-\(round.launch)-\(round.restart)" }

    /// The longest path of a Unix socket, its end mark not counted.
    private static let longestSocket = 107

    /// Makes the folders, for this user alone. What an agent of the same attempt left there, if it was killed, goes.
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

    /// What made it impossible to make them, if anything did.
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

    /// Holds the folder on the store's file system that this one is in, if it is there.
    func holdParent() -> LockedFolder? {
        self.root.lastIndex(of: "/").flatMap { LockedFolder(String(self.root[..<$0])) }
    }

    /// Removes the folders that these were in, if they are empty now.
    func removeParent() {
        for root in self.roots {
            guard let slash = root.lastIndex(of: "/") else { continue }
            rmdir(String(root[..<slash]))
        }
    }

    /// Removes everything of the node's; links are not followed. Returns what went wrong, if anything did.
    func remove() -> String? {
        let problems = self.roots.compactMap(Self.remove)
        return problems.isEmpty ? nil : problems.joined(separator: "; ")
    }

    private static func remove(_ root: String) -> String? {
        FolderRemoval.remove(root).map { "the scratch folder stays: \($0)" }
    }
}

/// Something an agent could not do, in one sentence for a person.
package struct AgentError: Error, Sendable, Equatable, CustomStringConvertible {
    let message: String

    package init(_ message: String) { self.message = message }

    init(_ error: SystemError) { self.message = error.description }

    /// The system call that was to do this has just failed.
    package static func system(_ doing: String) -> AgentError {
        AgentError(SystemError(errno, doing))
    }

    package var description: String { self.message }
}
