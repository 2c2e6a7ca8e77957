import CMusterPlatform
import Glibc
import MusterSystem

/// Executes a program in a UTS namespace with another host name.
///
/// Launchers tell machines apart by their host names, so nodes that share a machine need different ones.
enum HostVerb {
    static func run(_ arguments: [String]) -> CInt {
        guard arguments.count >= 2 else {
            AgentErrors.print("usage: host NAME PROGRAM [ARGUMENTS…]")
            return 64
        }
        let failed = muster_become_host(arguments[0])
        if failed != 0 {
            let reason = SystemError.text(-failed)
            AgentErrors.print(
                "\(arguments[0]) cannot have a host name of its own here (\(reason)); a launcher that tells hosts apart by "
                    + "their names may refuse to start")
        }
        var pointers = arguments.dropFirst().map { strdup($0) } + [nil]
        _ = arguments[1].withCString { execvp($0, &pointers) }
        AgentErrors.print("\(arguments[1]) cannot be started: \(SystemError.lastText)")
        return errno == ENOENT ? 127 : 126
    }
}
