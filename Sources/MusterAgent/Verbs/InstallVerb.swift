import Glibc
import MusterSystem

/// `muster-agent install PATH`: copies this program to a folder that another container sees. The image that it comes in has
/// no shell and no `cp`.
enum InstallVerb {
    static func run(_ arguments: [String]) -> CInt {
        guard arguments.count == 1, let path = arguments.first, path.hasPrefix("/") else {
            AgentErrors.print("usage: muster-agent install PATH, an absolute one")
            return 2
        }
        do {
            // Whoever the node's container runs as has to be able to execute it.
            try ExecutableCopy.make(of: try OpenFile("/proc/self/exe", O_RDONLY), at: path, mode: 0o755)
            return 0
        } catch {
            AgentErrors.print("the agent cannot be copied to \(path): \(error)")
            return 1
        }
    }
}
