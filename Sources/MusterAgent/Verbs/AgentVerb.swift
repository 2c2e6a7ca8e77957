import FoundationEssentials
import Glibc

/// What this program does besides being an agent: verbs that launchers and planned processes call on a node.
package enum AgentVerb: String, Sendable {
    /// `reach [OPTIONS] HOST COMMAND…`: what a launcher takes for ssh.
    case reach
    /// `rank PROGRAM [ARGUMENTS…]`: runs a launched program and tells the agent how it ended.
    case rank
    /// `host NAME PROGRAM [ARGUMENTS…]`: becomes the program on what looks like a machine of its own.
    case host
    /// `node --order FILE`: one node of a gang elsewhere.
    case node

    /// Does it; returns the exit code of this program.
    package func run(_ arguments: [String]) async -> CInt {
        switch self {
        case .reach: ReachVerb.run(arguments)
        case .rank: await RankVerb.run(arguments)
        case .host: HostVerb.run(arguments)
        case .node: await NodeVerb.run(arguments, environment: ProcessInfo.processInfo.environment)
        }
    }
}
