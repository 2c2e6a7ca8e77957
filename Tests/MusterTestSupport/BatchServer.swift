package import Foundation
package import Testing

/// A stand-in for AWS Batch on this machine, whose jobs are containers (`Scripts/batch-server`), beside radosgw.
package struct BatchServer: Sendable {
    /// The server of the suite that runs.
    @TaskLocal package static var current: BatchServer?

    package let folder: String
    /// The variables that make AWS's tools and Muster use it, and the S3 server by an address that containers reach too.
    package let environment: [String: String]

    package var queue: String { self.environment["MUSTER_TEST_BATCH_QUEUE"] ?? "" }
    /// The file of all calls, a line of JSON for each.
    package var calls: String { self.environment["MUSTER_TEST_BATCH_CALLS"] ?? "" }
    /// While a file `pause` is in it, jobs stay in the queue.
    package var control: String { self.environment["MUSTER_TEST_BATCH_CONTROL"] ?? "" }

    /// Brings a server up beside the one of S3, hands it to `body`, and takes it down whatever happens.
    static func with(beside s3: S3Server, _ body: (BatchServer) async throws -> Void) async throws {
        let folder = "/tmp/batch-of-test-\(UInt32.random(in: 0...UInt32.max))"
        do {
            let variables = try await self.script.up(
                [folder, "--image", "debian", "--image", "busybox", "--s3", s3.endpoint])
            var environment = s3.environment.merging(variables) { $1 }
            environment["AWS_ENDPOINT_URL_S3"] = environment["MUSTER_TEST_BATCH_S3"]
            try await body(BatchServer(folder: folder, environment: environment))
        } catch {
            _ = try? await self.script.run(["down", folder])
            throw error
        }
        try await self.script.run(["down", folder])
        try FileManager.default.removeItem(atPath: folder)
    }

    /// The machine of a node loses its power.
    /// - Parameter job: `JOB` or `JOB#NODE`.
    package func kill(_ job: String) async throws { try await Self.script.run(["kill", self.folder, job]) }

    /// The next `times` calls of an operation fail.
    /// - Parameter isAfter: The call is carried out first.
    package func fault(_ operation: String, times: Int = 1, status: Int, isAfter: Bool = false) async throws {
        try await Self.script.run(
            ["fault", self.folder, operation, "--times", "\(times)", "--status", "\(status)"]
                + (isAfter ? ["--after"] : []))
    }

    /// The identifiers of containers that are there.
    package func containers() async throws -> [String] {
        try await Self.script.run(["podman", self.folder, "ps", "--all", "--quiet"]).split(separator: "\n").map(
            String.init)
    }

    /// The calls of an operation so far, as lines of JSON.
    package func requests(of operation: String) throws -> [[String: Any]] {
        try String(contentsOfFile: self.calls, encoding: .utf8).split(separator: "\n").compactMap { line in
            let call = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return call?["operation"] as? String == operation ? call?["request"] as? [String: Any] : nil
        }
    }

    private static let script = ServerScript(name: "batch-server")
}

/// Runs a suite beside a stand-in for AWS Batch and radosgw.
package struct BatchServerTrait: SuiteTrait, TestScoping {
    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await S3Server.with(.radosgw) { s3 in
            try await BatchServer.with(beside: s3) { batch in
                try await S3Server.$current.withValue(s3) {
                    try await BatchServer.$current.withValue(batch) { try await function() }
                }
            }
        }
    }
}

extension Trait where Self == BatchServerTrait {
    package static var besideBatch: Self { BatchServerTrait() }
}
