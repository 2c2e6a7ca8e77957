import Foundation
import MusterAWS
import MusterHTTP
import MusterObjects
import MusterTestSupport
import Testing

@testable import MusterS3

@Suite(.beside(.radosgw)) struct RadosgwTests {
    private static func server() throws -> S3Server { try #require(S3Server.current) }

    @Test("A bucket of radosgw keeps the rules", arguments: ObjectStoreConformance.rules)
    func conforms(rule: ObjectStoreConformance.Rule) async throws {
        try await rule.check(try await S3ObjectStore.make(on: try Self.server(), prefix: "some/prefix"))
    }

    @Test("With a failure at every fifth request every rule is still kept")
    func survivesFaults() async throws {
        let server = try Self.server()
        let bucket = try await S3ObjectStore.make(on: server).client.settings.bucket
        let proxy = try FaultProxy(before: server.endpoint, every: 5)
        try await ScriptedServer.with {
            await proxy.reply(to: $0)
        } _: { front in
            let environment = server.environment.merging(["AWS_ENDPOINT_URL_S3": front.endpoint]) { $1 }
            // A request that is given up because the machine is busy may reach the server after the next one.
            let store = try S3ObjectStore.make(environment, bucket: bucket, stall: 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for rule in ObjectStoreConformance.rules {
                    group.addTask {
                        do { try await rule.check(store) } catch {
                            Issue.record("\(rule): \(error)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(proxy.faults > 60)
    }

    @Test("A body that is not the one that was signed is refused")
    func signsBodies() async throws {
        let store = try await S3ObjectStore.make(on: try Self.server())
        let client = store.client
        let policy = RetryPolicy(attempts: 2, base: 0.001)
        let once = S3Client(
            settings: client.settings, keeper: client.keeper, policy: policy, timing: HTTPTiming(),
            surroundings: .real)
        let error = await #expect(throws: ObjectStoreError.self) {
            _ = try await once.send {
                S3Request(
                    method: "PUT", key: "k", body: Data("changed".utf8), payload: String(repeating: "0", count: 64))
            }
        }
        #expect(error?.message.contains("XAmzContentSHA256Mismatch") == true)
        #expect(try await store.head("k") == nil)
    }

    @Test("A presigned address gives the object to anybody, and no other object")
    func presigns() async throws {
        let store = try await S3ObjectStore.make(on: try Self.server())
        try await store.put(Data("agent".utf8), at: "a b/ü")
        let address = try await store.presignedGet("a b/ü", seconds: 60)
        let origin = try #require(HTTPOrigin(address))
        let target = String(address.dropFirst(origin.description.count))
        let response = try await HTTPClient().send(HTTPRequest("GET", target), to: origin)
        #expect(response.head.status == 200)
        #expect(response.body == Data("agent".utf8))
        let other = target.replacing("/a%20b/", with: "/a%20c/")
        #expect(other != target)
        #expect(try await HTTPClient().send(HTTPRequest("GET", other), to: origin).head.status == 403)
    }

    @Test("Every refusal comes within 5 s and names what is at fault")
    func refusesSoon() async throws {
        let server = try Self.server()
        try await ContinuousClock().expect(within: 5) {
            let store = try S3ObjectStore.make(server.environment, bucket: "no-such-bucket")
            for call in Call.all {
                let error = await #expect(throws: ObjectStoreError.self) { try await call.run(store) }
                #expect(error?.code == .noStore, "\(call.name): \(error as Any)")
                #expect(error?.message.contains("no-such-bucket") == true)
            }
        }
        try await ContinuousClock().expect(within: 5) {
            var environment = server.environment
            environment["AWS_ACCESS_KEY_ID"] = "UNKNOWNKEY"
            let store = try S3ObjectStore.make(environment)
            let error = await #expect(throws: ObjectStoreError.self) { _ = try await store.get("key") }
            #expect(error?.code == .credentials)
            for part in ["s3://some-bucket/key", server.endpoint, "us-east-1", "UNKNOWNKEY", "the environment"] {
                #expect(error?.message.contains(part) == true, "\(part) is not in: \(error as Any)")
            }
        }
        try await ContinuousClock().expect(within: 5) {
            var environment = server.environment
            environment["AWS_SECRET_ACCESS_KEY"] = "wrong"
            let store = try S3ObjectStore.make(environment)
            let error = await #expect(throws: ObjectStoreError.self) { try await store.put(Data(), at: "key") }
            #expect(error?.code == .credentials)
            #expect(error?.message.contains("wrong") == false)
        }
    }
}

/// A call of a store, for tables of tests.
struct Call: Sendable {
    let name: String
    let run: @Sendable (S3ObjectStore) async throws -> Void

    static let all: [Call] = [
        Call(name: "get") { _ = try await $0.get("key") },
        Call(name: "put") { try await $0.put(Data("x".utf8), at: "key") },
        Call(name: "create") { _ = try await $0.put(Data("x".utf8), at: "key", mode: .creating) },
        Call(name: "head") { _ = try await $0.head("key") },
        Call(name: "list") { _ = try await $0.list(ListRequest()) },
        Call(name: "remove") { try await $0.remove(["key", "other"]) },
    ]
}

extension ContinuousClock {
    /// Fails when `body` takes longer than `seconds`.
    func expect(within seconds: Double, _ body: () async throws -> Void) async throws {
        let time = try await self.measure(body)
        #expect(time < .seconds(seconds))
    }
}
