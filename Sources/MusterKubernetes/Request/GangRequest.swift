import Foundation
import MusterBackends
import MusterModel

/// The objects of one gang, as a dry run prints them and as they are sent: a ConfigMap, which owns everything else, the
/// Secret with the gang's key, and a pod for each node. The pods differ in what ``pod(_:of:owner:)`` adds, and in nothing
/// else.
///
/// The owner is no Secret because whoever may find Secrets by their labels may read all of them.
struct GangRequest: StructuredRequest, Hashable {
    static let placeName = "Kubernetes"

    var namespace: String
    var owner: JSONValue
    /// Without the key that it holds.
    var secret: JSONValue
    var nodes: Int
    var pod: JSONValue

    init(_ launch: GangLaunch, _ options: KubernetesOptions, namespace: String) throws(BackendError) {
        self.namespace = options.namespace ?? namespace
        self.nodes = launch.nodes
        let labels = JSONValue.texts(GangLabels.of(launch))
        self.owner = [
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": ["name": .string(launch.name), "labels": labels],
            "data": [Self.size: .string("\(launch.nodes)")],
        ]
        self.secret = [
            "apiVersion": "v1", "kind": "Secret", "immutable": true,
            "metadata": ["name": .string(launch.name), "labels": labels],
        ]
        self.pod = .object(try PodManifest.pod(launch, options))
    }

    /// The field of the owner with the number of the gang's nodes.
    static let size = "nodes"

    // MARK: - What is sent

    /// - Parameters:
    ///   - key: Of the gang's connections; empty: nodes find it in the store.
    ///   - name: The job's.
    ///   - owner: The unique identifier of the gang's ConfigMap.
    func secret(holding key: [UInt8], of name: String, owner: String) -> JSONValue {
        var fields = Self.owned(self.secret, name, owner)
        if !key.isEmpty { fields["data"] = ["key": .string(Data(key).base64EncodedString())] }
        return .object(fields)
    }

    private static func owned(_ object: JSONValue, _ name: String, _ owner: String) -> [String: JSONValue] {
        guard case .object(var fields) = object, case .object(var metadata)? = fields["metadata"] else { return [:] }
        metadata["ownerReferences"] = [
            [
                "apiVersion": "v1", "kind": "ConfigMap", "name": .string(name), "uid": .string(owner),
                "controller": true, "blockOwnerDeletion": false,
            ]
        ]
        fields["metadata"] = .object(metadata)
        return fields
    }

    /// - Parameters:
    ///   - name: The job's.
    ///   - owner: The unique identifier of the gang's ConfigMap.
    func pod(_ index: Int, of name: String, owner: String) -> JSONValue {
        var pod = Self.owned(self.pod, name, owner)
        guard case .object(var metadata)? = pod["metadata"],
            case .object(var labels)? = metadata["labels"], case .object(var specification)? = pod["spec"]
        else { return self.pod }
        labels[GangLabels.node] = "\(index)"
        metadata["labels"] = .object(labels)
        metadata["name"] = "\(name)-\(index)"
        pod["metadata"] = .object(metadata)
        if case .array(var containers)? = specification["containers"], case .object(var own)? = containers.first,
            case .array(let variables)? = own["env"]
        {
            own["env"] = .array(
                variables + [.variable("MUSTER_JOB", owner), .variable("JOB_COMPLETION_INDEX", "\(index)")])
            containers[0] = .object(own)
            specification["containers"] = .array(containers)
        }
        pod["spec"] = .object(specification)
        return .object(pod)
    }
}
