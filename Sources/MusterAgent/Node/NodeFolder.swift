import FoundationEssentials
import Glibc
import MusterModel

/// A node's scratch folder: everything on the node that goes when the attempt ends.
struct NodeFolder: Sendable, Equatable {
    let root: String

    /// Where the step and its processes run: links to what the code package holds.
    var work: String { "\(self.root)/work" }
    /// A link to the code package. What leads through it is so short that file systems keep it beside the name.
    var code: String { "\(self.root)/code" }
    /// Where `task.json` and `result.json` stand.
    var task: String { "\(self.root)/task" }
    /// Where the step program puts its artifacts.
    var artifacts: String { "\(self.task)/\(Self.artifactsName)" }
    static let artifactsName = "artifacts"
    var temporary: String { "\(self.root)/tmp" }
    var socket: String { "\(self.root)/agent.sock" }
    /// Files of the cluster's services. Short: some of them make sockets below it.
    var cluster: String { "\(self.root)/c" }
    func launch(_ round: LaunchRound) -> String { "\(self.root)/launch-\(round.launch)-\(round.restart)" }

    /// The longest path of a Unix socket, its end mark not counted.
    private static let longestSocket = 107

    /// Makes the folders, for this user alone. What an agent of the same attempt left there, if it was killed, goes.
    /// - Parameter package: Its top-level entries are linked into ``work``.
    func make(package: String) throws(AgentError) {
        guard self.socket.utf8.count <= Self.longestSocket else {
            throw AgentError(
                "the scratch folder \(self.root) has too long a path for a socket: at most "
                    + "\(Self.longestSocket - "/agent.sock".utf8.count) bytes; give a shorter one")
        }
        try self.makeRoot()
        for folder in [self.work, self.task, self.temporary] { try Self.make(folder) }
        guard symlink(package, self.code) == 0 else { throw AgentError.system("link the code package \(package)") }
        try Self.link(package, as: Self.codeFromWork, into: self.work)
    }

    private func makeRoot() throws(AgentError) {
        if mkdir(self.root, 0o700) == 0 { return }
        switch errno {
        case EEXIST:
            if let problem = self.remove() { throw AgentError(problem) }
            try Self.make(self.root)
        case ENOENT:
            let parent = self.root.lastIndex(of: "/").map { String(self.root[..<$0]) } ?? "."
            do {
                try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
            } catch {
                throw AgentError("cannot make the folder \(parent): \(error)")
            }
            try Self.make(self.root)
        default:
            throw AgentError.system("make the scratch folder \(self.root)")
        }
    }

    private static func make(_ folder: String) throws(AgentError) {
        guard mkdir(folder, 0o700) == 0 else { throw AgentError.system("make the folder \(folder)") }
    }

    /// ``code`` as it is seen from ``work``.
    static let codeFromWork = "../code"

    /// Links everything in `source`, which `folder` sees at `place`, into `folder`.
    private static func link(_ source: String, as place: String, into folder: String) throws(AgentError) {
        guard let names = Self.names(in: source) else { throw AgentError.system("read the code package \(source)") }
        for name in names {
            guard symlink("\(place)/\(name)", "\(folder)/\(name)") == 0 else {
                throw AgentError.system("link \(source)/\(name) into \(folder)")
            }
        }
    }

    /// Makes `folder` one of this node's own: where it is a link into the code package, which all nodes share, a folder of
    /// links takes its place.
    static func own(_ folder: String) -> AgentError? {
        do throws(AgentError) {
            guard Self.target(of: folder) != nil else {
                guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw .system("make the folder \(folder)") }
                return nil
            }
            guard let path = realpath(folder, nil) else { throw .system("follow the link \(folder)") }
            defer { free(path) }
            let source = String(cString: path)
            guard unlink(folder) == 0 else { throw .system("replace the link \(folder)") }
            try Self.make(folder)
            try Self.link(source, as: source, into: folder)
            return nil
        } catch {
            return error
        }
    }

    /// What is in `folder`, in no order; nil when it cannot be read.
    static func names(in folder: String) -> [String]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes the folder that this one was in, if it is empty now.
    func removeParent() {
        guard let slash = self.root.lastIndex(of: "/") else { return }
        rmdir(String(self.root[..<slash]))
    }

    /// Removes everything; links are not followed. Returns what went wrong, if anything did.
    func remove() -> String? {
        guard access(self.root, F_OK) == 0 else { return nil }
        do {
            try FileManager.default.removeItem(atPath: self.root)
            return nil
        } catch {
            return "cannot remove the scratch folder \(self.root): \(error)"
        }
    }
}

/// Something an agent could not do, in one sentence for a person.
struct AgentError: Error, Sendable, Equatable, CustomStringConvertible {
    let message: String

    init(_ message: String) { self.message = message }

    /// The system call that was to do this has just failed.
    static func system(_ doing: String) -> AgentError {
        let reason = strerror(errno).map { String(cString: $0) } ?? "error \(errno)"
        return AgentError("cannot \(doing): \(reason)")
    }

    var description: String { self.message }
}
