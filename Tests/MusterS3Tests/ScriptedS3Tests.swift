import Foundation
import MusterAWS
import MusterObjects
import MusterTestSupport
import NIOSSL
import Synchronization
import Testing

@testable import MusterS3

/// Answers that no real server here gives at will.
@Suite struct ScriptedS3Tests {
    /// Runs `body` with a store of a server that answers so to request number `n`.
    private static func with(
        policy: RetryPolicy = RetryPolicy(base: 0.001, cap: 0.01), surroundings: Surroundings = .real,
        stall: Double = 10, _ answer: @escaping @Sendable (Int, ScriptedServer.Request) -> ScriptedServer.Reply,
        _ body: (S3ObjectStore, Recorded) async throws -> Void
    ) async throws {
        let recorded = Recorded()
        try await ScriptedServer.with {
            answer(recorded.add($0), $0)
        } _: { server in
            let store = try S3ObjectStore.make(
                testEnvironment(server.endpoint), policy: policy, stall: stall, surroundings: surroundings)
            try await body(store, recorded)
        }
    }

    @Test("The region that a refusal names is taken once, and kept", arguments: [0, 1, 2])
    func learnsRegion(kind: Int) async throws {
        try await Self.with { _, request in
            let isRight = request.header("Authorization")?.contains("/eu-west-3/s3/") == true
            if isRight { return .answer(200, [], Data("here".utf8)) }
            let field = ("x-amz-bucket-region", "eu-west-3")
            switch kind {
            case 0: return .error(400, "AuthorizationHeaderMalformed", extra: "<Region>eu-west-3</Region>")
            case 1: return .error(301, "PermanentRedirect", [field])
            default: return .answer(301, [field])
            }
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            #expect(try await store.get("key") == Data("here".utf8))
            #expect(try await store.get("key") == Data("here".utf8))
            #expect(recorded.requests.count == 3)
        }
    }

    @Test(
        "A region that is still wrong, or is not named, ends the request",
        arguments: ["", "<Region>eu-west-3</Region>"])
    func refusesRegion(extra: String) async throws {
        try await Self.with { _, _ in
            .error(400, "AuthorizationHeaderMalformed", extra: extra)
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            let error = await #expect(throws: ObjectStoreError.self) { _ = try await store.get("key") }
            #expect(error?.code == .region)
            #expect(recorded.requests.count == (extra.isEmpty ? 1 : 2))
        }
    }

    @Test("A clock that is an hour slow is corrected by the server's, once for all requests")
    func correctsClock() async throws {
        var surroundings = Surroundings.real
        surroundings.now = { 1_369_353_600 - 3600 }
        try await Self.with(surroundings: surroundings) { _, request in
            let stamp = request.header("x-amz-date") ?? ""
            if stamp == "20130524T000000Z" { return .answer(200) }
            return .error(403, "RequestTimeTooSkewed", [("Date", "Fri, 24 May 2013 00:00:00 GMT")])
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            try await store.put(Data(), at: "key")
            try await store.put(Data(), at: "key")
            #expect(recorded.requests.count == 3)
        }
        try await Self.with { _, _ in
            .error(403, "RequestTimeTooSkewed", [("Date", "Fri, 24 May 2013 00:00:00 GMT")])
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            let error = await #expect(throws: ObjectStoreError.self) { try await store.put(Data(), at: "key") }
            #expect(error?.code == .clock)
            #expect(recorded.requests.count == 2)
        }
    }

    @Test("Expired keys are fetched anew once")
    func refreshesKeys() async throws {
        let folder = try TestFolder()
        let count = "\(folder.path)/count"
        let command =
            "echo . >> \(count); printf '{\"Version\":1,\"AccessKeyId\":\"AK%s\",\"SecretAccessKey\":\"s\"}' $(wc -l < \(count))"
        try Data("[default]\ncredential_process = \(command)\n".utf8).write(to: URL(filePath: "\(folder.path)/config"))
        let recorded = Recorded()
        try await ScriptedServer.with { request in
            _ = recorded.add(request)
            let isNew = request.header("Authorization")?.contains("Credential=AK2/") == true
            return isNew ? .answer(200) : .error(400, "ExpiredToken")
        } _: { server in
            let environment = [
                "AWS_ENDPOINT_URL": server.endpoint, "AWS_CONFIG_FILE": "\(folder.path)/config",
                "PATH": "/usr/bin:/bin",
            ]
            let store = try S3ObjectStore.make(environment)
            try await store.put(Data(), at: "key")
            try await store.put(Data(), at: "key")
            #expect(recorded.requests.count == 3)
        }
        try await ScriptedServer.with { _ in
            .error(400, "ExpiredToken")
        } _: { server in
            let store = try S3ObjectStore.make(testEnvironment(server.endpoint))
            let error = await #expect(throws: ObjectStoreError.self) { try await store.put(Data(), at: "key") }
            #expect(error?.code == .credentials)
        }
    }

    @Test("A create whose answer was lost is still this writer's")
    func ownsLostCreate() async throws {
        let writer = Mutex("")
        try await Self.with { number, request in
            switch (request.method, number) {
            case ("PUT", 3):
                writer.withLock { $0 = request.header(S3ObjectStore.writerHeader) ?? "" }
                return .reset
            case ("PUT", _): return .error(412, "PreconditionFailed")
            case ("HEAD", 1): return .answer(404)
            default: return .answer(200, [(S3ObjectStore.writerHeader, writer.withLock { $0 })])
            }
        } _: { (store: S3ObjectStore, _: Recorded) async throws -> Void in
            #expect(try await store.put(Data(), at: "key", mode: .creating) == .stored)
        }
    }

    @Test("A create whose answer was lost and that another writer won is another's")
    func losesLostCreate() async throws {
        try await Self.with { number, request in
            switch (request.method, number) {
            case ("PUT", 3): return .reset
            case ("PUT", _): return .error(412, "PreconditionFailed")
            case ("HEAD", 1): return .answer(404)
            default: return .answer(200, [(S3ObjectStore.writerHeader, "somebody")])
            }
        } _: { (store: S3ObjectStore, _: Recorded) async throws -> Void in
            #expect(try await store.put(Data(), at: "key", mode: .creating) == .exists)
        }
    }

    @Test("A server that ignores the condition is found out once, and objects are looked at before and after")
    func checksIgnoredCondition() async throws {
        let objects = Mutex<[String: String]>([:])
        try await Self.with { _, request in
            let writer = request.header(S3ObjectStore.writerHeader) ?? ""
            switch request.method {
            case "PUT":
                objects.withLock { $0[request.target] = writer }
                return .answer(200)
            case "HEAD" where request.target == "/some-bucket": return .answer(200)
            default:
                guard let owner = objects.withLock({ $0[request.target] }) else { return .answer(404) }
                return .answer(200, [(S3ObjectStore.writerHeader, owner)])
            }
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            #expect(try await store.put(Data("a".utf8), at: "one", mode: .creating) == .stored)
            #expect(store.creation.condition == .ignored)
            let first = objects.withLock { $0["/some-bucket/one"] }
            #expect(try await store.put(Data("b".utf8), at: "one", mode: .creating) == .exists)
            #expect(objects.withLock { $0["/some-bucket/one"] } == first)
            let before = recorded.requests.count { $0.method == "PUT" }
            #expect(try await store.put(Data("b".utf8), at: "two", mode: .creating) == .stored)
            #expect(recorded.requests.count { $0.method == "PUT" } == before + 1)
        }
    }

    @Test("A conflict with another conditional writer is no answer: it is asked again")
    func repeatsConflict() async throws {
        try await Self.with { number, request in
            if request.method == "HEAD" { return .answer(request.target == "/some-bucket" ? 200 : 404) }
            return number == 3 ? .error(409, "ConditionalRequestConflict") : .error(412, "PreconditionFailed")
        } _: { (store: S3ObjectStore, _: Recorded) async throws -> Void in
            #expect(try await store.put(Data(), at: "key", mode: .creating) == .exists)
        }
    }

    @Test("A failure within an answer of 200 is one, and an object that looks like an error is an object")
    func failsLate() async throws {
        let text = Data("<Error><Code>InternalError</Code></Error>".utf8)
        try await Self.with { number, request in
            if request.method == "GET" { return .answer(200, [], text) }
            return number == 1 ? .answer(200, [], text) : .answer(200, [], Data("<DeleteResult/>".utf8))
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            try await store.remove(["a", "b"])
            #expect(recorded.requests.count == 2)
            #expect(try await store.get("looks/like/an/error") == text)
        }
    }

    @Test("What passes is asked again with growing pauses, up to a number of tries, and told then")
    func givesUp() async throws {
        let pauses = Mutex<[Double]>([])
        var surroundings = Surroundings.real
        surroundings.random = { 0.5 }
        surroundings.sleep = { seconds in pauses.withLock { $0.append(seconds) } }
        try await Self.with(policy: RetryPolicy(attempts: 6, base: 0.1, cap: 0.5), surroundings: surroundings) { _, _ in
            .error(503, "SlowDown")
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            let error = await #expect(throws: ObjectStoreError.self) { _ = try await store.get("key") }
            #expect(error?.code == .busy)
            #expect(error?.message.hasSuffix("SlowDown: told so (6 tries)") == true)
            #expect(recorded.requests.count == 6)
            #expect(pauses.withLock { $0 } == [0.05, 0.1, 0.2, 0.25, 0.25])
        }
    }

    @Test("Many requests that fail all the time are not all repeated ten times")
    func keepsBudget() async throws {
        var surroundings = Surroundings.real
        surroundings.sleep = { _ in }
        try await Self.with(surroundings: surroundings) { _, _ in
            .error(503, "SlowDown")
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            for _ in 0..<50 { await #expect(throws: ObjectStoreError.self) { _ = try await store.get("key") } }
            #expect(recorded.requests.count == 150)
        }
    }

    @Test("A range that stalls is replaced, from where it broke off")
    func replacesStalledRange() async throws {
        let data = ObjectStoreConformance.bytes(5 << 20)
        let folder = try TestFolder()
        try await Self.with(stall: 0.3) { number, request in
            let range = request.header("Range")?.dropFirst(6).split(separator: "-").compactMap { Int($0) } ?? []
            let part = data[range[0]...min(range[1], data.count - 1)]
            let fields = [
                ("Content-Range", "bytes \(part.startIndex)-\(part.endIndex - 1)/\(data.count)"), ("ETag", "\"t\""),
            ]
            return number == 1 ? .cut(206, fields, Data(part), stays: true) : .answer(206, fields, Data(part))
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            let file = try await store.download("key", to: "\(folder.path)/file")
            #expect(file.size == data.count)
            #expect(try Data(contentsOf: URL(filePath: "\(folder.path)/file")) == data)
            #expect(recorded.requests.count == 2)
            let second = try #require(recorded.requests.last)
            #expect(second.header("If-Match") == "\"t\"")
            #expect(second.header("Range")?.hasPrefix("bytes=0-") == false)
        }
    }

    @Test("An object that is replaced during its download is fetched anew, never mixed")
    func fetchesReplacedAnew() async throws {
        let folder = try TestFolder()
        let old = Data(repeating: 1, count: 12 << 20)
        let new = Data(repeating: 2, count: 6 << 20)
        try await Self.with { number, request in
            let current = number == 1 ? old : new
            let tag = number == 1 ? "\"old\"" : "\"new\""
            if let match = request.header("If-Match"), match != tag { return .error(412, "PreconditionFailed") }
            let range = request.header("Range")?.dropFirst(6).split(separator: "-").compactMap { Int($0) } ?? []
            let part = current[range[0]...min(range[1], current.count - 1)]
            return .answer(
                206,
                [("Content-Range", "bytes \(part.startIndex)-\(part.endIndex - 1)/\(current.count)"), ("ETag", tag)],
                Data(part))
        } _: { (store: S3ObjectStore, _: Recorded) async throws -> Void in
            #expect(try await store.download("key", to: "\(folder.path)/file").size == new.count)
            #expect(try Data(contentsOf: URL(filePath: "\(folder.path)/file")) == new)
        }
    }

    @Test("A failed upload of parts is aborted")
    func abortsUpload() async throws {
        let folder = try TestFolder()
        try ObjectStoreConformance.bytes(6 << 20).write(to: URL(filePath: "\(folder.path)/file"))
        try await Self.with { _, request in
            switch request.method {
            case "POST":
                let body = "<InitiateMultipartUploadResult><UploadId>up</UploadId></InitiateMultipartUploadResult>"
                return .answer(200, [], Data(body.utf8))
            case "DELETE": return .answer(204)
            default: return .error(403, "AccessDenied")
            }
        } _: { (store: S3ObjectStore, recorded: Recorded) async throws -> Void in
            let error = await #expect(throws: ObjectStoreError.self) {
                _ = try await store.upload("\(folder.path)/file", to: "key")
            }
            #expect(error?.code == .denied)
            // The other part, whose request was given up, may reach the server later.
            let aborts = recorded.requests.filter { $0.method == "DELETE" }.map(\.target)
            #expect(aborts == ["/some-bucket/key?uploadId=up"])
        }
    }

    @Test("A server that cannot be reached, or is no server of S3, is told within 5 s", arguments: [0, 1, 2])
    func refusesSoon(kind: Int) async throws {
        try await ScriptedServer.with { _ in
            .answer(200, [], Data("<html>".utf8))
        } _: { server in
            let endpoint = [
                // A port at which nobody listens; a name that there is not; a server without TLS.
                "http://127.0.0.1:1", "http://no.such.host.invalid", server.endpoint.replacing("http:", with: "https:"),
            ][kind]
            try await ContinuousClock().expect(within: 5) {
                let store = try S3ObjectStore.make(testEnvironment(endpoint), policy: RetryPolicy())
                let error = await #expect(throws: ObjectStoreError.self) { _ = try await store.get("key") }
                #expect(error?.code == (kind == 2 ? .tls : .unreachable), "\(error as Any)")
                #expect(error?.message.contains(endpoint) == true, "\(error as Any)")
            }
        }
    }

    @Test("An answer that is not S3's is told with its beginning")
    func refusesStrangers() async throws {
        try await Self.with { _, _ in
            .answer(200, [], Data("<html>\nhello".utf8))
        } _: { (store: S3ObjectStore, _: Recorded) async throws -> Void in
            let error = await #expect(throws: ObjectStoreError.self) { _ = try await store.list(ListRequest()) }
            #expect(error?.code == .answer)
            #expect(error?.message.hasSuffix("<html> hello") == true)
        }
    }

    @Test("A cancelled request ends at once")
    func cancels() async throws {
        let arrived = AsyncStream<Void>.makeStream()
        try await Self.with(
            { _, _ in
                arrived.continuation.yield()
                return .silence
            },
            { (store: S3ObjectStore, _: Recorded) async throws -> Void in
                let task = Task { try await store.get("key") }
                for await _ in arrived.stream { break }
                task.cancel()
                let error = await #expect(throws: ObjectStoreError.self) { _ = try await task.value }
                #expect(error?.code == .cancelled)
            })
    }
}
