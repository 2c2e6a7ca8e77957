import Foundation

/// A pod as the API server tells of it, as far as gangs need it
/// (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/).
struct Pod: Decodable, Sendable, Hashable {
    var metadata: Metadata
    var spec: Spec?
    var status: Status?

    struct Metadata: Decodable, Sendable, Hashable {
        var name: String
        var uid: String?
        var resourceVersion: String?
        var labels: [String: String]?
        var deletionTimestamp: String?
    }

    struct Spec: Decodable, Sendable, Hashable {
        var nodeName: String?
        var activeDeadlineSeconds: Int?
        var containers: [Container]?
    }

    struct Container: Decodable, Sendable, Hashable {
        var name: String
        var resources: Resources?

        struct Resources: Decodable, Sendable, Hashable { var limits: [String: String]? }
    }

    struct Status: Decodable, Sendable, Hashable {
        var phase: String?
        var reason: String?
        var message: String?
        var conditions: [Condition]?
        var initContainerStatuses: [ContainerStatus]?
        var containerStatuses: [ContainerStatus]?
    }

    struct Condition: Decodable, Sendable, Hashable {
        var type: String
        var status: String
        var reason: String?
        var message: String?
    }

    struct ContainerStatus: Decodable, Sendable, Hashable {
        var name: String
        var state: State?

        struct State: Decodable, Sendable, Hashable {
            var waiting: Waiting?
            var running: Running?
            var terminated: Terminated?
        }
        struct Waiting: Decodable, Sendable, Hashable {
            var reason: String?
            var message: String?
        }
        struct Running: Decodable, Sendable, Hashable { var startedAt: String? }
        struct Terminated: Decodable, Sendable, Hashable {
            var exitCode: Int
            var signal: Int?
            var reason: String?
            var message: String?
        }
    }
}

extension Pod {
    /// The container of a pod that is the node; pods may have others beside it.
    static let container = "node"

    /// Which node of its gang it is.
    var index: Int? { self.metadata.labels?[GangLabels.node].flatMap { Int($0) } }
    /// The name of its job.
    var job: String? { self.metadata.labels?[GangLabels.job] }

    var own: ContainerStatus? { self.status?.containerStatuses?.first { $0.name == Self.container } }

    func condition(_ type: String) -> Condition? { self.status?.conditions?.first { $0.type == type } }
}

/// Several pods, and how far the server's history had come.
struct PodList: Decodable, Sendable {
    struct Metadata: Decodable, Sendable {
        var resourceVersion: String?
        var `continue`: String?
    }
    var metadata: Metadata
    var items: [Pod]
}
