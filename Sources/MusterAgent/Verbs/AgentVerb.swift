import FoundationEssentials
import Glibc

/// The verbs of this program that launchers and planned processes call on a node.
package enum AgentVerb: String, Sendable {
    /// `reach [OPTIONS] HOST COMMAND…`: the substitute for ssh.
    case reach
    /// `rank PROGRAM [ARGUMENTS…]`: runs a launched program and reports its end to the agent.
    case rank
    /// `host NAME PROGRAM [ARGUMENTS…]`: executes the program under another host name.
    case host
    /// `node --order FILE`: one node of a gang elsewhere.
    case node
    /// `next --order FILE`: a further attempt of the job that ``node`` has begun, in the same process.
    case next
    /// `setup-failed --order FILE CODE`: reports in a gang's place that a set-up line of its node has failed.
    case setupFailed = "setup-failed"
    /// `look --result ADDRESS`: tells in the store's bucket what this node has.
    case look
    /// `install PATH`: copies this program, out of an image that holds nothing else.
    case install

    /// Runs the verb. Returns this program's exit code.
    package func run(_ arguments: [String]) async -> CInt {
        switch self {
        case .reach: ReachVerb.run(arguments)
        case .rank: await RankVerb.run(arguments)
        case .host: HostVerb.run(arguments)
        case .node, .next:
            await NodeVerb.run(
                arguments, environment: ProcessInfo.processInfo.environment, isFirstOfJob: self == .node)
        case .look: await LookVerb.run(arguments, environment: ProcessInfo.processInfo.environment)
        case .install: InstallVerb.run(arguments)
        case .setupFailed: await SetupFailedVerb.run(arguments, environment: ProcessInfo.processInfo.environment)
        }
    }
}
