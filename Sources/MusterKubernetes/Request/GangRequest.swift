import Foundation
import MusterBackends
import MusterModel

/// The objects of one gang, as a dry run prints them and as they are sent: a Secret, which owns everything else, and a pod
/// for each node. The pods differ in their names, in what belongs to them of ``pod(_:owner:)``, and in nothing else.
struct GangRequest: Codable, Sendable, Hashable {
    var namespace: String
    /// Without the key that it holds.
    var secret: JSONValue
    var nodes: Int
    var pod: JSONValue

    init(_ launch: GangLaunch, _ options: KubernetesOptions, namespace: String) throws(BackendError) {
        self.namespace = options.namespace ?? namespace
        self.nodes = launch.nodes
        self.secret = [
            "apiVersion": "v1", "kind": "Secret", "type": "muster.dev/gang", "immutable": true,
            "metadata": [
                "name": .string(launch.name),
                "labels": .texts(GangLabels.of(launch)),
                "annotations": [Self.size: .string("\(launch.nodes)")],
            ],
        ]
        self.pod = .object(try PodManifest.pod(launch, options))
    }

    /// The annotation with the number of a gang's nodes.
    static let size = "muster.dev/nodes"

    func text() throws(BackendError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            throw BackendError(code: .refused, message: "the request cannot be written: \(error)", isTransient: false)
        }
    }

    /// Reads ``text()`` again.
    init(text: String) throws(BackendError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw BackendError(
                code: .answer, message: "this is no request for Kubernetes: \(error)", isTransient: false)
        }
    }

    // MARK: - What is sent

    /// - Parameter key: Of the gang's connections.
    func secret(holding key: [UInt8]?) -> JSONValue {
        guard case .object(var fields) = self.secret, let key else { return self.secret }
        fields["data"] = ["key": .string(Data(key).base64EncodedString())]
        return .object(fields)
    }

    /// - Parameters:
    ///   - name: The job's.
    ///   - owner: The unique identifier of the gang's Secret.
    func pod(_ index: Int, of name: String, owner: String) -> JSONValue {
        guard case .object(var pod) = self.pod, case .object(var metadata)? = pod["metadata"],
            case .object(var labels)? = metadata["labels"], case .object(var specification)? = pod["spec"]
        else { return self.pod }
        labels[GangLabels.node] = "\(index)"
        metadata["labels"] = .object(labels)
        metadata["name"] = "\(name)-\(index)"
        metadata["ownerReferences"] = [
            [
                "apiVersion": "v1", "kind": "Secret", "name": .string(name), "uid": .string(owner), "controller": true,
                "blockOwnerDeletion": false,
            ]
        ]
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
