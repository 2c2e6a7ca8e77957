import MusterModel
import MusterWire

extension RosterNode {
    /// The node of this specification, for its introduction.
    init(_ spec: NodeSpec, ports: [Int]) {
        self.init(
            index: spec.index, address: spec.address, cpus: spec.cpus, gpus: spec.gpus, memory: spec.memory,
            ports: ports)
    }
}
