import Dispatch
import FoundationEssentials
import MusterFrameworks
import MusterProcess
import MusterStore
import MusterWire

/// What torch compiles at its first use.
extension NodeRunner {
    /// Names the folder to everything on this node, removes what the dead have left there, and keeps it in use.
    ///
    /// Costs a few system calls. A folder is made where it is likely to be used: another place that looks into it then sees
    /// that it is in use.
    func useExtensions() {
        let named = self.environment[ExtensionFolder.variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
        guard let path = named ?? self.extensionPlace() else { return }
        self.environment[ExtensionFolder.variable] = path
        // Where it cannot be made, torch says so when it compiles; most steps never do.
        if named == nil, self.spec.framework != nil || self.spec.task.python != nil {
            try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        self.heldFiles.expect([ExtensionFolder.locks(in: path)])
        self.extensions = ExtensionFolder(path, isOwn: named == nil)
        for lock in self.extensions?.doubtful ?? [] {
            self.say("no process seen here holds \(lock), for which torch waits: if nothing compiles, remove it")
        }
    }

    /// nil where the user has a value that is no path: torch is to say what it thinks of it.
    private func extensionPlace() -> String? {
        guard self.environment[ExtensionFolder.variable] == nil else { return nil }
        return ExtensionFolder.place(python: self.spec.task.python, environment: self.environment)
    }

    /// Notes what the node's processes hold, and tells of what one has begun to compile: that takes minutes in which nobody
    /// says a word.
    func lookAtHeldFiles() {
        self.services.files.async { [heldFiles, log] in
            for path in heldFiles.look() where path.hasSuffix(ExtensionFolder.lock) {
                let folder = path.dropLast(ExtensionFolder.lock.count)
                let name = folder.split(separator: "/").last ?? folder
                log?.say("torch compiles \(name), once: it is kept in \(folder) for later runs")
            }
        }
    }

    /// A line of the agent's own in the node's log.
    func say(_ line: String) { self.log?.say(line) }
}

extension NodeLog {
    func say(_ line: String) {
        Array("muster: \(line)\n".utf8).withUnsafeBytes { self.append(process: LogProcess.agent, .standardError, $0) }
    }
}
