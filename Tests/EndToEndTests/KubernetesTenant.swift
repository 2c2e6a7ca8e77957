import Foundation
import MusterObjects
import MusterProcess
import MusterTestSupport
import Testing

/// A team whose steps run as pods in a namespace of its own.
final class KubernetesTenant {
    let team: BucketFlowTests.Team
    let cluster: KubernetesCluster
    let namespace: String
    /// Where bodies leave marks: a folder of the machine that all pods see.
    let marks: String
    /// kubectl's configuration of the engine's account.
    let configuration: String
    private let variables: [String: String]

    /// - Parameter volumes: Folders of this machine that pods see, besides what programs of a debug build need.
    init(image: String = "muster-test/debian", volumes: [String] = []) async throws {
        self.cluster = try #require(KubernetesCluster.current)
        self.team = try await BucketFlowTests.Team(before: self.cluster.environment["AWS_ENDPOINT_URL_S3"])
        let folder = self.team.sandbox.folder
        self.namespace = "t\(UInt32.random(in: 0...UInt32.max))"
        self.marks = "\(folder)/marks"
        self.configuration = "\(folder)/kubeconfig"
        try FileManager.default.createDirectory(atPath: self.marks, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: self.marks)
        // Every node fetches it: without the symbols for a debugger it is a third as large.
        let agent = "\(folder)/muster-agent"
        let stripped = try await self.team.sandbox.shell("strip -o \(agent) \(Sandbox.programs)/muster-agent")
        try #require(stripped.status == .exited(0), "\(stripped)")
        let linked = try await self.team.sandbox.shell(
            "ldd \(agent) | sed -n 's,.* => \\(/.*\\)/libswiftCore.so .*,\\1,p'")
        let libraries = String(linked.output.split(separator: "\n").first ?? "")
        try Self.template([libraries, self.marks] + volumes).write(
            toFile: "\(folder)/pod.yaml", atomically: true, encoding: .utf8)
        self.variables = [
            "KUBECONFIG": self.configuration, "MUSTER_KUBERNETES_IMAGE": image,
            "MUSTER_KUBERNETES_NAMESPACE": self.namespace, "MUSTER_KUBERNETES_SECRETS": "s3",
            "MUSTER_KUBERNETES_POD_TEMPLATE": "\(folder)/pod.yaml", "MUSTER_KUBERNETES_MEMORY": "300",
            "MUSTER_KUBERNETES_CPU": "100m",
            "MUSTER_KUBERNETES_PULL_POLICY": "Never", "MUSTER_AGENT": agent,
        ]
        try await self.prepare()
    }

    private static func template(_ folders: [String]) -> String {
        let kept = folders.filter { !$0.isEmpty }.enumerated()
        let mounts = kept.map { "{name: v\($0), mountPath: \($1)}" }.joined(separator: ", ")
        let volumes = kept.map { "{name: v\($0), hostPath: {path: \($1)}}" }.joined(separator: ", ")
        return "spec: {containers: [{name: node, volumeMounts: [\(mounts)]}], volumes: [\(volumes)]}\n"
    }

    /// The namespace, the credentials of the bucket, and an account for the engine with the rights of the documentation.
    private func prepare() async throws {
        try await self.kubectl("create namespace \(self.namespace)")
        let keys = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"].map { name in
            "--from-literal=\(name)='\(self.cluster.environment[name] ?? "us-east-1")'"
        }
        try await self.kubectl("create secret generic s3 \(keys.joined(separator: " "))")
        let page = try String(contentsOfFile: "\(PythonFlowTests.root)/Documentation/Kubernetes.md", encoding: .utf8)
        let role = try #require(page.firstMatch(of: /```yaml\n(apiVersion: rbac[\s\S]*?)```/)).1
        try String(role).write(
            toFile: "\(self.team.sandbox.folder)/role.yaml", atomically: true, encoding: .utf8)
        try await self.kubectl("apply -f role.yaml")
        try await self.kubectl("create serviceaccount engine")
        try await self.kubectl("create rolebinding engine --role=muster --serviceaccount=\(self.namespace):engine")
        let request = #"{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}"#
        let path = "/api/v1/namespaces/\(self.namespace)/serviceaccounts/engine/token"
        let token = try await self.kubectl(
            "create --raw \(path) -f - <<<'\(request)' | python3 -c 'import json,sys; print(json.load(sys.stdin)[\"status\"][\"token\"])'"
        )
        let configuration = try await self.kubectl("config view --raw --flatten -o json")
        var fields = try #require(
            JSONSerialization.jsonObject(with: Data(configuration.utf8)) as? [String: Any])
        var users = try #require(fields["users"] as? [[String: Any]])
        users[0]["user"] = ["token": token.trimmingCharacters(in: .whitespacesAndNewlines)]
        fields["users"] = users
        try JSONSerialization.data(withJSONObject: fields).write(to: URL(filePath: self.configuration))
    }

    /// kubectl as the cluster's administrator, in the tenant's namespace.
    @discardableResult
    func kubectl(_ words: String) async throws -> String {
        let programs = self.cluster.environment["MUSTER_TEST_KUBERNETES_PROGRAMS"] ?? ""
        let done = try await self.team.sandbox.shell(
            "cd \(self.team.sandbox.folder) && export KUBECONFIG=\(self.cluster.administrator) && \(programs)/kubectl -n \(self.namespace) \(words)"
        )
        try #require(done.status == .exited(0), "kubectl \(words): \(done)")
        return done.output
    }

    func on(_ machine: String) -> [String: String] { self.team.on(machine).merging(self.variables) { $1 } }

    func muster(
        _ arguments: [String], on machine: String, with variables: [String: String] = [:]
    ) async throws -> Finished {
        try await self.team.sandbox.muster(arguments, environment: self.on(machine).merging(variables) { $1 })
    }

    func start(_ arguments: [String], on machine: String) throws -> Running {
        try self.team.sandbox.start(arguments, environment: self.on(machine))
    }

    /// The words that run `placed.py` there.
    func placed(_ mode: String, _ options: String = "") -> [String] {
        [
            "run", PythonFlowTests.flow("placed"), "--with", "kubernetes\(options.isEmpty ? "" : ":\(options)")",
            "--mode", mode, "--marks", self.marks,
        ]
    }

    func go() { _ = FileManager.default.createFile(atPath: "\(self.marks)/go", contents: nil) }

    /// Nothing of gangs is in the cluster, and nothing of attempts in the bucket.
    func expectNothingLeft() async throws {
        var left = ""
        for _ in 0..<200 {
            left = try await self.kubectl("get configmaps,secrets,pods -o name -l app.kubernetes.io/managed-by=muster")
            if left.isEmpty { break }
            try await Task.sleep(for: .milliseconds(500))
        }
        #expect(left == "")
        let attempts = try await self.team.objects.objects(prefix: "runs/").map(\.key)
            .filter { $0.contains("/attempts/") }
        #expect(attempts.isEmpty)
    }

    /// kubectl comes to show `text` in the log of a node's pod.
    func expect(_ text: String, inLogOf node: Int) async throws {
        let pod = try await self.kubectl("get pods -o name -l muster.dev/step=train,muster.dev/node=\(node)")
        var log = ""
        for _ in 0..<50 {
            log = try await self.kubectl("logs \(pod.trimmingCharacters(in: .whitespacesAndNewlines))")
            if log.contains(text) { return }
            try await Task.sleep(for: .milliseconds(300))
        }
        Issue.record("kubectl does not show '\(text)' of node \(node): \(log)")
    }

    /// The machine on which a node of the step's gang is.
    func machine(of node: Int) async throws -> String {
        try await self.kubectl(
            "get pods -l muster.dev/step=train,muster.dev/node=\(node) -o jsonpath='{.items[0].spec.nodeName}'")
    }
}
