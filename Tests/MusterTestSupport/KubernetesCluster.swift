package import Foundation
package import Testing

/// A real Kubernetes cluster of two kubelets on this machine (`Scripts/kubernetes-cluster`), beside radosgw.
package struct KubernetesCluster: Sendable {
    /// The cluster of the suite that runs.
    @TaskLocal package static var current: KubernetesCluster?

    package let folder: String
    /// The variables that make kubectl use it as its administrator, and the S3 server by an address that pods reach too.
    package let environment: [String: String]

    /// kubectl's configuration of an administrator.
    package var administrator: String { self.environment["KUBECONFIG"] ?? "" }
    /// The file of all requests, a line of JSON for each.
    package var audit: String { self.environment["MUSTER_TEST_KUBERNETES_AUDIT"] ?? "" }

    /// Brings a cluster up beside the server of S3, hands it to `body`, and takes it down whatever happens.
    static func with(beside s3: S3Server, _ body: (KubernetesCluster) async throws -> Void) async throws {
        let folder = "/tmp/kubernetes-of-test-\(UInt32.random(in: 0...UInt32.max))"
        do {
            let variables = try await self.script.up(
                [folder, "--nodes", "2", "--image", "debian", "--image", "busybox", "--s3", s3.endpoint])
            var environment = s3.environment.merging(variables) { $1 }
            environment["AWS_ENDPOINT_URL_S3"] = environment["MUSTER_TEST_KUBERNETES_S3"]
            try await body(KubernetesCluster(folder: folder, environment: environment))
        } catch {
            _ = try? await self.script.run(["down", folder])
            throw error
        }
        try await self.script.run(["down", folder])
        try FileManager.default.removeItem(atPath: folder)
    }

    /// The node's machine loses its power, its kubelet ends, or it is there again.
    package func node(_ name: String, _ change: Change) async throws {
        try await Self.script.run(["node", self.folder, change.rawValue, name])
    }

    package enum Change: String { case lose, stop, start }

    /// The API server ends, or is there again.
    package func server(isRunning: Bool) async throws {
        try await Self.script.run(["server", self.folder, isRunning ? "start" : "stop"])
    }

    /// Imports an image's archive on every node.
    package func add(image archive: String) async throws {
        try await Self.script.run(["image", self.folder, archive])
    }

    private static let script = ServerScript(name: "kubernetes-cluster")
}

/// Runs a suite beside a cluster of Kubernetes and radosgw.
package struct KubernetesClusterTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await S3Server.with(.radosgw) { s3 in
            try await KubernetesCluster.with(beside: s3) { cluster in
                try await S3Server.$current.withValue(s3) {
                    try await KubernetesCluster.$current.withValue(cluster) { try await function() }
                }
            }
        }
    }
}

extension Trait where Self == KubernetesClusterTrait {
    package static var besideKubernetes: Self { KubernetesClusterTrait() }
}
