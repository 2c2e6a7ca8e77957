import MusterBackends
import MusterModel

/// A user's pod below Muster's own: whatever nobody has foreseen an option for.
enum PodTemplate {
    /// Fields of the pod and of its first container that are Muster's.
    private static let managed = [
        "metadata.name", "metadata.generateName", "metadata.ownerReferences", "metadata.namespace",
        "spec.restartPolicy", "spec.hostname", "spec.subdomain", "spec.nodeName",
    ]
    private static let managedOfContainer = ["command", "args", "image"]

    /// Tables are merged; of lists that have names (containers, volumes, variables) the entries of one name are, and others
    /// are added; every other list and every value of Muster's own stands in the place of the template's.
    /// - Throws: A ``BackendError`` that names a field which is Muster's.
    static func merged(
        _ pod: [String: JSONValue], with template: JSONValue?
    ) throws(BackendError) -> [String: JSONValue] {
        guard case .object(var fields)? = template else { return pod }
        for path in self.managed where self.value(at: path, in: fields) != nil { throw self.refusal(path) }
        if case .object(var specification)? = fields["spec"], case .array(var containers)? = specification["containers"]
        {
            guard case .object(var first)? = containers.first else {
                throw .kubernetes("@kubernetes(pod_template) has a container that is no table")
            }
            for name in self.managedOfContainer where first[name] != nil {
                throw self.refusal("spec.containers[0].\(name)")
            }
            // The first container is the node, whatever it is called.
            first["name"] = .string(Pod.container)
            containers[0] = .object(first)
            specification["containers"] = .array(containers)
            fields["spec"] = .object(specification)
        }
        guard case .object(let merged) = self.merged(.object(fields), .object(pod)) else { return pod }
        return merged
    }

    private static func refusal(_ path: String) -> BackendError {
        .kubernetes("@kubernetes(pod_template) sets \(path), which Muster sets itself; take it out")
    }

    private static func value(at path: String, in fields: [String: JSONValue]) -> JSONValue? {
        var value = JSONValue.object(fields)
        for name in path.split(separator: ".") {
            guard case .object(let table) = value, let next = table[String(name)] else { return nil }
            value = next
        }
        return value
    }

    private static func merged(_ below: JSONValue, _ above: JSONValue) -> JSONValue {
        switch (below, above) {
        case (.object(let first), .object(let second)):
            return .object(first.merging(second) { self.merged($0, $1) })
        case (.array(let first), .array(let second)):
            guard let names = self.names(first), let others = self.names(second) else {
                // Tolerations and secrets of the template count beside Muster's.
                return .array(first.filter { !second.contains($0) } + second)
            }
            let common = second.enumerated().map { index, value in
                names.firstIndex(of: others[index]).map { self.merged(first[$0], value) } ?? value
            }
            return .array(common + zip(names, first).filter { !others.contains($0.0) }.map(\.1))
        default: return above
        }
    }

    /// The names of a list of named tables; nil for any other list.
    private static func names(_ list: [JSONValue]) -> [String]? {
        let names = list.compactMap { value -> String? in
            guard case .object(let fields) = value, case .string(let name)? = fields["name"] else { return nil }
            return name
        }
        return names.count == list.count ? names : nil
    }
}
