import CMusterPlatform
import Glibc
import MusterSystem

/// The agent's own executable. Launchers call it for its verbs (``AgentVerb``).
enum AgentProgram {
    /// Its path on this node.
    static let path: String = {
        withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) { buffer in
            guard let start = buffer.baseAddress else { return "muster-agent" }
            let count = readlink("/proc/self/exe", start, buffer.count)
            return count > 0 ? String(decoding: buffer.prefix(count), as: UTF8.self) : "muster-agent"
        }
    }()

    /// Executes this program with other arguments, in this process.
    /// - Returns: Why that is not possible.
    static func execute(_ arguments: [String]) -> AgentError {
        let pointers = ([self.path] + arguments).map { strdup($0) } + [nil]
        let failed = muster_execute(self.path, pointers)
        for pointer in pointers { free(pointer) }
        return AgentError("\(self.path) cannot be executed: \(SystemError.text(-failed))")
    }
}
