import FoundationEssentials
package import MusterModel
package import MusterWire

/// A gang as this machine starts it: one agent per node. Credentials are made when it is submitted.
package struct LocalRequest: Sendable, CustomStringConvertible {
    package let attempt: AttemptID
    package let agent: String
    /// In node order; without their secret.
    package let nodes: [NodeSpec]
    /// The folders of the whole gang, removed when it is over.
    let scratch: ScratchFolder

    /// The address of the control node.
    var controlAddress: String { self.nodes.first?.address ?? "" }

    /// The agents' instructions, secrets left out, as indented JSON.
    package var description: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let text = (try? encoder.encode(self.nodes)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return "\(self.agent) × \(self.nodes.count)\n\(text)"
    }
}
