package import Foundation
package import MusterAWS
package import MusterHTTP
package import MusterObjects
import Synchronization

@testable package import MusterS3

extension S3ObjectStore {
    /// A store of a new bucket of `server`, with the smallest parts that S3 takes.
    package static func make(
        on server: S3Server, bucket: String = "bucket-\(UInt32.random(in: 0...UInt32.max))", prefix: String = ""
    ) async throws -> S3ObjectStore {
        let store = try self.make(server.environment, bucket: bucket, prefix: prefix)
        _ = try await store.client.send { S3Request(method: "PUT", key: nil) }
        return store
    }

    /// A store by these variables, which waits for less than it otherwise would.
    package static func make(
        _ environment: [String: String], bucket: String = "some-bucket", prefix: String = "",
        policy: RetryPolicy = RetryPolicy(base: 0.005, cap: 0.1), stall: Double = 10, surroundings: Surroundings = .real
    ) throws -> S3ObjectStore {
        let profiles = AWSProfiles(environment: environment)
        return S3ObjectStore(
            try S3Settings(bucket: bucket, prefix: prefix, profiles: profiles), profiles: profiles, policy: policy,
            timing: HTTPTiming(stall: stall), transfer: S3Transfer(part: 5 << 20),
            surroundings: surroundings)
    }
}

/// Requests that a server has got, in order.
package final class Recorded: Sendable {
    private let list = Mutex<[ScriptedServer.Request]>([])

    package init() {}

    package var requests: [ScriptedServer.Request] { self.list.withLock { $0 } }

    /// Returns the request's number, from 1 on.
    package func add(_ request: ScriptedServer.Request) -> Int {
        self.list.withLock {
            $0.append(request)
            return $0.count
        }
    }
}

/// Variables of a made-up user of the server at `endpoint`.
package func testEnvironment(_ endpoint: String) -> [String: String] {
    [
        "AWS_ENDPOINT_URL_S3": endpoint, "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1", "HOME": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true",
    ]
}
