package import MusterModel

/// A TensorFlow cluster: the variable `TF_CONFIG` on every node, with a reserved port of each.
///
/// The decorator's settings: `chief` (true makes node 0 the chief), `parameterServers` (how many of the last nodes
/// serve parameters) and `evaluator` (true makes the very last node one; it trains nothing, but its strategy looks
/// itself up in the cluster all the same). Source: `tf.distribute.cluster_resolver.TFConfigClusterResolver`.
package struct TensorFlowFramework: Framework {
    package static let name = "tensorflow"

    package init() {}

    package func setup(settings: [String: JSONValue], size: Int) throws(FrameworkError) -> ClusterSetup {
        _ = try Roles(settings, size: size)
        return ClusterSetup(ports: 1)
    }

    package func services(
        settings: [String: JSONValue], _ context: SetupContext
    ) throws(FrameworkError) -> SetupPlan {
        let roles = try Roles(settings, size: context.roster.count)
        var cluster: [String: [JSONValue]] = [:]
        for (index, node) in context.roster.nodes.enumerated() {
            guard let port = node.ports.first else {
                throw FrameworkError("tensorflow: node \(index) keeps no port free")
            }
            cluster[roles[index].type, default: []].append(.string("\(Self.host(node.address)):\(port)"))
        }
        let own = roles[context.node]
        let value: JSONValue = .object([
            "cluster": .object(cluster.mapValues(JSONValue.array)),
            "task": .object(["type": .string(own.type), "index": .int(own.index)]),
        ])
        guard let data = try? value.data() else { throw FrameworkError("tensorflow: TF_CONFIG cannot be written") }
        let defaults = [Self.channelOptions: Self.reconnectSoon].unset(in: context.environment)
        return SetupPlan(environment: defaults.merging(["TF_CONFIG": String(decoding: data, as: UTF8.self)]) { $1 })
    }

    /// The options that TensorFlow gives to each of its gRPC channels.
    /// Source: `tensorflow/core/distributed_runtime/rpc/grpc_channel.cc`.
    private static let channelOptions = "TF_GRPC_DEFAULT_OPTIONS"
    /// The reconnection delay in milliseconds of a worker whose peer does not listen yet, and the timeout of each
    /// attempt; TensorFlow's default is 1,000 (Benchmarks: frameworks).
    private static let reconnectSoon = "grpc.testing.fixed_reconnect_backoff_ms=200"

    /// The address in the form that precedes a colon and a port: IPv6 in brackets.
    private static func host(_ address: String) -> String { address.contains(":") ? "[\(address)]" : address }
}

/// The roles of the nodes in a TensorFlow cluster, in node order.
private struct Roles {
    private var roles: [(type: String, index: Int)] = []

    init(_ settings: [String: JSONValue], size: Int) throws(FrameworkError) {
        let options = try Options("tensorflow", settings, known: ["chief", "parameterServers", "evaluator"])
        let chief = try options.flag("chief") ? 1 : 0
        let evaluators = try options.flag("evaluator") ? 1 : 0
        let servers = try options.integer("parameterServers", in: 0...4096) ?? 0
        let workers = size - chief - evaluators - servers
        // Parameter servers need a worker or a chief that trains.
        guard workers > 0 || (workers == 0 && chief == 1 && servers == 0) else {
            throw FrameworkError(
                "tensorflow: \(servers) parameter servers, \(evaluators) evaluators and \(chief) chiefs leave none of \(size) "
                    + "nodes to be a worker; enter the step with more nodes")
        }
        for (type, count) in [("chief", chief), ("worker", workers), ("ps", servers), ("evaluator", evaluators)] {
            for index in 0..<count { self.roles.append((type, index)) }
        }
    }

    subscript(node: Int) -> (type: String, index: Int) { self.roles[node] }
}
