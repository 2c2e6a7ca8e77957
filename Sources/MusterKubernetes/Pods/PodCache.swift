import Foundation

/// The pods of a run as a watch tells of them
/// (https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes). Pure.
struct PodCache: Sendable, Equatable {
    /// The server's words about a watch that it ends.
    struct Refusal: Error, Hashable {
        var code: Int
        var message: String
    }

    /// By name.
    private(set) var pods: [String: Pod] = [:]
    /// How far the server's history has been heard.
    private(set) var version: String?

    private struct Event: Decodable {
        var type: String
    }
    private struct PodEvent: Decodable { var object: Pod }
    private struct Bookmark: Decodable {
        struct Object: Decodable { var metadata: PodList.Metadata }
        var object: Object
    }
    private struct Failure: Decodable { var object: APIStatus }

    /// All pods there are; those that are missing are gone.
    mutating func replace(_ pods: [Pod], version: String?) {
        self.pods = Dictionary(pods.map { ($0.metadata.name, $0) }) { $1 }
        self.version = version
    }

    /// One line of a watch.
    /// - Throws: ``Refusal`` for the server's own, `DecodingError` for half a line and for what is none.
    mutating func take(_ line: Data) throws {
        let decoder = JSONDecoder()
        switch try decoder.decode(Event.self, from: line).type {
        case "ADDED", "MODIFIED":
            let pod = try decoder.decode(PodEvent.self, from: line).object
            self.pods[pod.metadata.name] = pod
            self.version = pod.metadata.resourceVersion ?? self.version
        case "DELETED":
            let pod = try decoder.decode(PodEvent.self, from: line).object
            self.pods[pod.metadata.name] = nil
            self.version = pod.metadata.resourceVersion ?? self.version
        case "BOOKMARK":
            self.version = try decoder.decode(Bookmark.self, from: line).object.metadata.resourceVersion ?? self.version
        case "ERROR":
            let status = try decoder.decode(Failure.self, from: line).object
            throw Refusal(code: status.code ?? 0, message: status.message ?? "")
        // An event of a later version is nothing that has to be known.
        default: break
        }
    }

    /// The pods of a job, by the indices of its nodes.
    func nodes(of job: String) -> [Int: Pod] {
        var nodes: [Int: Pod] = [:]
        for pod in self.pods.values where pod.job == job {
            guard let index = pod.index else { continue }
            nodes[index] = pod
        }
        return nodes
    }
}
