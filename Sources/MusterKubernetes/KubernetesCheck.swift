import Foundation
package import MusterBackends
package import MusterModel

/// What a gang needs of a cluster, as far as it can be looked at from here.
package struct KubernetesCheck: Sendable {
    /// The rights that are used, as `Documentation/Kubernetes.md` lists them.
    static let rights: [(resource: String, verbs: [String])] = [
        ("configmaps", ["create", "get", "list", "delete"]), ("secrets", ["create"]),
        ("pods", ["create", "get", "list", "watch"]), ("events", ["list"]),
    ]

    private let client: KubernetesClient
    private let options: [String: JSONValue]

    /// - Parameter options: The settings' and the decorator's.
    package init(_ client: KubernetesClient, options: [String: JSONValue]) {
        self.client = client
        self.options = options
    }

    package func facts() async -> [PlaceFact] {
        let options: KubernetesOptions
        let launch = GangLaunch(
            attempt: AttemptID(flow: "", run: "", step: "", task: 0, attempt: 0), name: "", nodes: 1, command: [],
            place: PlaceSettings(name: KubernetesBackend.name))
        do throws(BackendError) {
            options = try KubernetesOptions(self.options.merging(["image": "python"]) { own, _ in own }, for: launch)
        } catch {
            return [PlaceFact(subject: "kubernetes", isWrong: true, text: error.message)]
        }
        let server = await self.server()
        guard !server.isWrong else { return [server] }
        let image =
            self.options["image"] != nil
            ? options.image : "none is set: flows in Python run in \(options.image):VERSION, others have to name one"
        let agent =
            options.agentImage.map { "it comes from the image \($0)" }
            ?? "nodes fetch it: their image needs a shell and one of curl, wget, python3 and perl"
        return [
            server, PlaceFact(subject: "image", isWrong: false, text: image),
            PlaceFact(subject: "agent there", isWrong: false, text: agent),
        ] + (await self.rights(in: options.namespace ?? self.client.access.namespace))
    }

    private struct Version: Decodable { var gitVersion: String? }

    private func server() async -> PlaceFact {
        do throws(KubernetesError) {
            let data = try await self.client.send("GET", "/version")
            let version =
                (try? JSONDecoder().decode(Version.self, from: data))?.gitVersion
                ?? "of a version that it does not tell"
            return PlaceFact(
                subject: "server", isWrong: false, text: "\(self.client.access.name): \(version)")
        } catch {
            return PlaceFact(
                subject: "server", isWrong: true, text: error.backendError.message,
                remedy: "`kubectl version` has to work with the same configuration")
        }
    }

    private struct Review: Decodable {
        var status: Status?
        struct Status: Decodable { var allowed: Bool }
    }

    private func rights(in namespace: String) async -> [PlaceFact] {
        var missing: [String] = []
        for (resource, verbs) in Self.rights {
            for verb in verbs {
                let attributes: JSONValue = [
                    "namespace": .string(namespace), "resource": .string(resource), "verb": .string(verb),
                ]
                let body: JSONValue = [
                    "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
                    "spec": ["resourceAttributes": attributes],
                ]
                do throws(KubernetesError) {
                    let data = try await self.client.send(
                        "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body: body)
                    let review = try? JSONDecoder().decode(Review.self, from: data)
                    if review?.status?.allowed != true { missing.append("\(verb) \(resource)") }
                } catch {
                    return [PlaceFact(subject: "rights", isWrong: true, text: error.backendError.message)]
                }
            }
        }
        guard missing.isEmpty else {
            return [
                PlaceFact(
                    subject: "rights", isWrong: true,
                    text: "in the namespace \(namespace) you may not \(missing.joined(separator: ", "))",
                    remedy: "Documentation/Kubernetes.md has the Role that an administrator can give you")
            ]
        }
        return [PlaceFact(subject: "rights", isWrong: false, text: "all that is needed in the namespace \(namespace)")]
    }
}
