import FoundationEssentials
import Muster

/// Every flow of the end-to-end tests. Which one the program is, its name tells: a link called `BranchFlow` is that
/// flow. Under its own name the variable `MUSTER_FIXTURE` tells.
let flows: [String: any Flow.Type] = [
    "LinearFlow": LinearFlow.self,
    "BranchFlow": BranchFlow.self,
    "ForeachFlow": ForeachFlow.self,
    "NestedForeachFlow": NestedForeachFlow.self,
    "ChoiceFlow": ChoiceFlow.self,
    "GangFlow": GangFlow.self,
    "GangForeachFlow": GangForeachFlow.self,
    "CatchFlow": CatchFlow.self,
    "RetryFlow": RetryFlow.self,
    "TimeoutFlow": TimeoutFlow.self,
    "FailingGangFlow": FailingGangFlow.self,
    "ArtifactFlow": ArtifactFlow.self,
    "NoisyFlow": NoisyFlow.self,
    "CrashFlow": CrashFlow.self,
    "TorchFlow": TorchFlow.self,
    "CurrentFlow": CurrentFlow.self,
    "WaitingFlow": WaitingFlow.self,
    "TogetherFlow": TogetherFlow.self,
    "RingFlow": RingFlow.self,
    "FrameworkFlow": FrameworkFlow.self,
    "FailingClusterFlow": FailingClusterFlow.self,
    "ArgumentsFlow": ArgumentsFlow.self,
    "RetryClusterFlow": RetryClusterFlow.self,
    "ChaosFlow": ChaosFlow.self,
    "ElasticFlow": ElasticFlow.self,
    "BroadcastFlow": BroadcastFlow.self,
    "PlaceFlow": PlaceFlow.self,
    "SlurmGangFlow": SlurmGangFlow.self,
    "S3Flow": S3Flow.self,
    "PackageFlow": PackageFlow.self,
]

let program = CommandLine.arguments.first?.split(separator: "/").last.map(String.init) ?? ""
let named = ProcessInfo.processInfo.environment["MUSTER_FIXTURE"]
guard let flow = flows[program] ?? named.flatMap({ flows[$0] }) else {
    print("no flow is called '\(named ?? program)'; there are \(flows.keys.sorted().joined(separator: ", "))")
    throw FixtureError("no flow was chosen")
}
flow.main()

/// What the flows throw when they find something wrong.
struct FixtureError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Fails the step when `left` and `right` differ.
func expect<Value: Equatable>(_ left: Value, _ right: Value, _ what: String) throws {
    guard left == right else { throw FixtureError("\(what): \(left) is not \(right)") }
}
