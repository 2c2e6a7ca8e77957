/// The request of each node of a gang, and the part of it that counts on one machine.
package struct ResourceDemand: Sendable, Equatable {
    /// The reservation at every place.
    package let needs: Resources?
    /// The request to another place: on this machine a ceiling, met as far as the machine allows.
    package let elsewhere: Resources?

    package init(needs: Resources?, elsewhere: Resources? = nil) {
        self.needs = needs
        self.elsewhere = elsewhere
    }

    package init(_ settings: StepSettings) { self.init(needs: settings.resources, elsewhere: settings.elsewhere) }

    /// The reservation of each of `nodes` nodes on this machine; nil for none.
    package func reserved(nodes: Int, of capacity: MachineCapacity) -> Resources? {
        guard let elsewhere else { return self.needs }
        let needs = self.needs ?? Resources(cpu: 0, gpu: 0, memory: 0)
        let nodes = max(1, nodes)
        return Resources(
            // A node that asks for processors has one, also where there are fewer than nodes.
            cpu: max(needs.cpu, min(elsewhere.cpu, max(1, capacity.cpus / nodes))),
            gpu: max(needs.gpu, min(elsewhere.gpu, capacity.gpus / nodes)),
            memory: max(needs.memory, min(elsewhere.memory, capacity.memory / nodes)))
    }

    /// The allotments of nodes at a place with its own scheduler: all that the step asks for; the place chooses the
    /// GPUs.
    package func allotments(nodes: Int) -> [NodeAllotment] {
        let cpus = max(self.needs?.cpu ?? 0, self.elsewhere?.cpu ?? 0)
        return Array(repeating: NodeAllotment(cpus: cpus, gpus: []), count: nodes)
    }

    /// A sentence about the part of the request to another place that this machine does not have; nil when it has all.
    package func shortfall(nodes: Int, of capacity: MachineCapacity) -> String? {
        guard let elsewhere, let reserved = self.reserved(nodes: nodes, of: capacity) else { return nil }
        let each = nodes > 1 ? " on each of \(nodes) nodes" : ""
        let amounts = [
            reserved.cpu < elsewhere.cpu
                ? ("\(elsewhere.cpu) cpu\(elsewhere.cpu == 1 ? "" : "s")", "\(reserved.cpu)") : nil,
            reserved.gpu < elsewhere.gpu
                ? ("\(elsewhere.gpu) GPU\(elsewhere.gpu == 1 ? "" : "s")", "\(reserved.gpu)") : nil,
            reserved.memory < elsewhere.memory
                ? ("\(ByteText.of(elsewhere.memory)) of memory", ByteText.of(reserved.memory)) : nil,
        ].compactMap { $0 }
        guard !amounts.isEmpty else { return nil }
        let asked = amounts.map(\.0).joined(separator: " and ")
        return
            "asks for \(asked)\(each) elsewhere, and gets \(amounts.map(\.1).joined(separator: " and ")) on this machine"
    }
}

/// GPUs that a step needs and that a machine does not have.
package struct GPUShortage: Sendable, Equatable {
    /// On each node.
    package let asked: Int
    package let nodes: Int
    package let available: Int

    /// The sentence that refuses a step, in the words of the flow's language.
    package func refusal(of step: String, in manifest: FlowManifest) -> String {
        let each = self.nodes > 1 ? " on each of \(self.nodes) nodes" : ""
        let decorator = FlowSpelling(manifest).gpus(self.asked)
        return
            "step \(step) cannot run here: \(decorator) asks for \(self.asked == 1 ? "a GPU" : "\(self.asked) GPUs")\(each), and this machine has \(self.available); `--without-gpus` runs it without reserving any"
    }
}
