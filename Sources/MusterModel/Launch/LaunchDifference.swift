/// Finds differences between the launch requests of a gang's nodes.
enum LaunchDifference {
    /// The failure of a launch that two nodes do not mean alike; nil when they do.
    static func failure(in requests: [Int: LaunchRequest]) -> TaskFailure? {
        let nodes = requests.keys.sorted()
        guard let first = nodes.first, let mine = requests[first] else { return nil }
        for node in nodes.dropFirst() {
            guard let other = requests[node] else { continue }
            guard let (name, left, right) = Self.between(mine, other) else { continue }
            return TaskFailure(
                code: .contract,
                message: "node \(first) and node \(node) started different things: \(name) is \(left) on node \(first) "
                    + "and \(right) on node \(node); every node of a gang must ask for the same",
                node: node, process: "step")
        }
        return nil
    }

    private static func between(_ left: LaunchRequest, _ right: LaunchRequest) -> (String, String, String)? {
        if left.framework != right.framework { return ("the framework", left.framework, right.framework) }
        if left.restarts != right.restarts {
            return ("the number of restarts", "\(left.restarts)", "\(right.restarts)")
        }
        let names = Set(left.options.keys).union(right.options.keys).sorted()
        // As with torchrun itself, each node may give its workers other arguments, such as a folder of its own. In a
        // launch by the control node alone, its arguments count.
        for name in names where name != "arguments" && left.options[name] != right.options[name] {
            return (name, left.options[name].text, right.options[name].text)
        }
        return nil
    }
}

extension JSONValue? {
    /// For messages.
    fileprivate var text: String {
        guard let self, let data = try? self.data() else { return "not given" }
        return String(decoding: data, as: UTF8.self)
    }
}
