import MusterModel
import MusterWire

/// The settings that all gangs share.
struct LocalGangDefaults: Sendable {
    var agent: String
    var environment: [String: String]
    var scratchRoot: String
    var gang: GangSettings
    var node: NodeSettings
}

extension LocalRequest {
    /// Renders `gang` for nodes at `addresses`, one per node, with folders that no other gang has.
    init(gang: GangSpec, addresses: [String], scratch: ScratchFolder, settings: LocalGangDefaults) {
        self.attempt = gang.attempt
        self.agent = settings.agent
        self.scratch = scratch
        let nodeSettings = settings.node == NodeSettings() ? nil : settings.node
        self.nodes = (0..<gang.size).map { index in
            var node = NodeSpec(
                attempt: gang.attempt, index: index, size: gang.size, minimum: gang.minimum, address: addresses[index],
                secret: "",
                rendezvousDeadline: settings.gang.rendezvousDeadline, timeout: gang.step.settings.timeout,
                grace: settings.gang.grace, program: gang.program, task: TaskFile(gang, node: index),
                store: gang.store, package: gang.package, inPlace: gang.inPlace, scratch: scratch.node(index).near,
                temporary: scratch.node(index).short,
                environment: Self.environment(gang, index: index, base: settings.environment),
                framework: gang.step.settings.framework, cpus: max(1, gang.allotments[index].cpus),
                gpus: gang.allotments[index].gpus.count, memory: gang.step.settings.resources?.memory ?? 0,
                // An agent with a cluster, or with a copy of the code package, is not reusable: no state of either may
                // reach the next step.
                reusable: gang.size == 1 && gang.step.settings.framework == nil && gang.inPlace != nil,
                serves: gang.serves && gang.inPlace != nil)
            node.settings = nodeSettings
            node.timeoutPatience = gang.step.settings.timeoutPatience
            return node
        }
    }

    private static func environment(_ gang: GangSpec, index: Int, base: [String: String]) -> [String: String] {
        var environment = base
        let allotment = gang.allotments[index]
        if gang.size > 1, environment["OMP_NUM_THREADS"] == nil {
            // Several nodes share this machine's cores; by default each node's libraries would use all of them.
            environment["OMP_NUM_THREADS"] = "\(max(1, allotment.cpus))"
        }
        if gang.step.settings.resources?.gpu ?? 0 > 0 {
            environment["CUDA_VISIBLE_DEVICES"] = allotment.gpus.map(String.init).joined(separator: ",")
        }
        return environment.merging(gang.environment) { $1 }
    }
}
