package import Foundation
import MusterProcess
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
            let output = try await self.script(["up", folder] + (kind == .moto ? ["--moto"] : []))
            var environment = ["HOME": folder, "AWS_EC2_METADATA_DISABLED": "true"]
            for line in output.split(separator: "\n") where line.hasPrefix("export ") {
                let parts = line.dropFirst(7).split(separator: "=", maxSplits: 1)
                environment[String(parts[0])] = String(parts[1])
            }
            try await body(S3Server(environment: environment))
        } catch {
            _ = try? await self.script(["down", folder])
            throw error
        }
        _ = try await self.script(["down", folder])
        try FileManager.default.removeItem(atPath: folder)
    }

    @discardableResult
    private static func script(_ arguments: [String]) async throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let outcome = try await ProcessReactor().run(
            ProcessSpec(
                executable: root.appending(path: "Scripts/s3-server").path, arguments: arguments,
                environment: ProcessInfo.processInfo.environment))
        let errors = String(decoding: outcome.standardError, as: UTF8.self)
        guard outcome.status.isSuccess else { throw S3ServerError(description: errors) }
        return String(decoding: outcome.standardOutput, as: UTF8.self)
    }
}

/// The server did not come up; the script's own words.
package struct S3ServerError: Error, CustomStringConvertible {
    package let description: String
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
