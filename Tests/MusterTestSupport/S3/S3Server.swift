package import Foundation
package import Testing

/// A server of S3 on this machine (`Scripts/s3-server`).
package struct S3Server: Sendable {
    package enum Kind: String, Sendable { case radosgw, moto }

    /// The server of the suite that runs.
    @TaskLocal package static var current: S3Server?

    /// The variables that make AWS's tools use it, and no others of AWS.
    package let environment: [String: String]

    /// `http://127.0.0.1:PORT`.
    package var endpoint: String { self.environment["AWS_ENDPOINT_URL_S3"] ?? "" }

    /// Brings a server up, hands it to `body`, and takes it down whatever happens.
    package static func with(_ kind: Kind, _ body: (S3Server) async throws -> Void) async throws {
        // Sockets lie in it: its path has to be short.
        let folder = "/tmp/s3-of-test-\(UInt32.random(in: 0...UInt32.max))"
        do {
            let variables = try await self.script.up([folder] + (kind == .moto ? ["--moto"] : []))
            let alone = ["HOME": folder, "AWS_EC2_METADATA_DISABLED": "true"]
            try await body(S3Server(environment: alone.merging(variables) { $1 }))
        } catch {
            _ = try? await self.script.run(["down", folder])
            throw error
        }
        try await self.script.run(["down", folder])
        try FileManager.default.removeItem(atPath: folder)
    }

    private static let script = ServerScript(name: "s3-server")
}

/// Runs a suite beside one server.
package struct S3ServerTrait: SuiteTrait, TestScoping {
    package let kind: S3Server.Kind

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await S3Server.with(self.kind) { server in
            try await S3Server.$current.withValue(server) { try await function() }
        }
    }
}

extension Trait where Self == S3ServerTrait {
    package static func beside(_ kind: S3Server.Kind) -> Self { S3ServerTrait(kind: kind) }
}
