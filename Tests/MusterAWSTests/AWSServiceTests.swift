import Foundation
import MusterHTTP
import MusterObjects
import MusterTestSupport
import Synchronization
import Testing

@testable import MusterAWS

@Suite struct AWSServiceTests {
    private static let variables = [
        "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1",
    ]

    private static func service(_ endpoint: String, _ keys: [Credentials] = []) throws -> AWSService {
        let profiles = AWSProfiles(
            environment: self.variables.merging(["AWS_ENDPOINT_URL_BATCH": endpoint]) { $1 }, config: ProfileFile(),
            credentials: ProfileFile())
        let given = Mutex(keys)
        let keeper = CredentialKeeper(surroundings: .real) { () async throws(ObjectStoreError) in
            given.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                ?? Credentials(accessKey: "AK", secretKey: "secret", source: "the test")
        }
        return try AWSService(
            .init(host: "batch", setting: "batch"), profiles: profiles, keeper: keeper,
            policy: RetryPolicy(attempts: 4, patience: 30, base: 0.005, cap: 0.02))
    }

    /// Answers in turn; the last one again and again.
    private static func replies(_ replies: [ScriptedServer.Reply]) -> (ScriptedServer.Handler, Counter) {
        let counter = Counter()
        return ({ _ in replies[min(counter.next(), replies.count - 1)] }, counter)
    }

    private final class Counter: Sendable {
        private let count = Mutex(0)
        var value: Int { self.count.withLock { $0 } }
        func next() -> Int {
            self.count.withLock { count in
                count += 1
                return count - 1
            }
        }
    }

    private static let done = ScriptedServer.Reply.answer(200, [], Data("{}".utf8))

    private static func fault(_ status: Int, _ code: String, _ message: String = "told so") -> ScriptedServer.Reply {
        .answer(status, [("x-amzn-ErrorType", "\(code):http://internal")], Data(#"{"message":"\#(message)"}"#.utf8))
    }

    @Test("A request is signed for the service and its region")
    func signed() async throws {
        let seen = Mutex<[ScriptedServer.Request]>([])
        try await ScriptedServer.with { request in
            seen.withLock { $0.append(request) }
            return Self.done
        } _: { server in
            _ = try await Self.service(server.endpoint).post("/v1/describejobs", Data(#"{"jobs":[]}"#.utf8))
        }
        let request = try #require(seen.withLock { $0.first })
        #expect(request.method == "POST" && request.target == "/v1/describejobs")
        #expect(request.header("Authorization")?.contains("/eu-west-1/batch/aws4_request") == true)
        #expect(String(decoding: request.body, as: UTF8.self) == #"{"jobs":[]}"#)
    }

    @Test("A request that was throttled, or that failed and may be repeated, is repeated")
    func repeats() async throws {
        let (handler, counter) = Self.replies([
            Self.fault(429, "TooManyRequestsException"), Self.fault(500, ""), Self.done,
        ])
        try await ScriptedServer.with(handler) { server in
            _ = try await Self.service(server.endpoint).post("/v1/x", Data())
        }
        #expect(counter.value == 3)
    }

    @Test("A request that must not be done twice is not repeated after a failure, but after a refusal to do it")
    func once() async throws {
        let (handler, counter) = Self.replies([Self.fault(429, "TooManyRequestsException"), Self.fault(500, "")])
        try await ScriptedServer.with(handler) { server in
            let error = await #expect(throws: AWSServiceError.self) {
                try await Self.service(server.endpoint).post("/v1/submitjob", Data(), isRepeatable: false)
            }
            #expect(error?.kind == .failed)
        }
        #expect(counter.value == 2)
    }

    @Test("A failure is one whatever its name: the service may have done what was asked")
    func failureByAnotherName() async throws {
        let (handler, counter) = Self.replies([Self.fault(503, "ThrottlingException")])
        try await ScriptedServer.with(handler) { server in
            let error = await #expect(throws: AWSServiceError.self) {
                try await Self.service(server.endpoint).post("/v1/submitjob", Data(), isRepeatable: false)
            }
            #expect(error?.kind == .failed)
        }
        #expect(counter.value == 1)
    }

    @Test("A connection that ends without an answer tells nothing about what was done")
    func reset() async throws {
        let (handler, counter) = Self.replies([.reset])
        try await ScriptedServer.with(handler) { server in
            let error = await #expect(throws: AWSServiceError.self) {
                try await Self.service(server.endpoint).post("/v1/submitjob", Data(), isRepeatable: false)
            }
            #expect(error?.kind == .failed)
        }
        #expect(counter.value == 1)
    }

    @Test("A wrong clock is corrected once by the server's")
    func clock() async throws {
        let skewed = ScriptedServer.Reply.answer(
            403, [("x-amzn-ErrorType", "InvalidSignatureException"), ("Date", "Fri, 24 May 2030 00:00:00 GMT")],
            Data(#"{"message":"Signature expired: 20260101T000000Z is now earlier"}"#.utf8))
        let dates = Mutex<[String]>([])
        let (handler, _) = Self.replies([skewed, Self.done])
        try await ScriptedServer.with { request in
            dates.withLock { $0.append(request.header("x-amz-date") ?? "") }
            return await handler(request)
        } _: { server in
            _ = try await Self.service(server.endpoint).post("/v1/x", Data())
        }
        #expect(dates.withLock { $0.count } == 2)
        #expect(dates.withLock { $0.last }?.hasPrefix("20300524T0000") == true)
    }

    @Test("Keys whose time is over are fetched again once")
    func expired() async throws {
        let old = Credentials(accessKey: "OLD", secretKey: "s", source: "the test")
        let seen = Mutex<[Bool]>([])
        try await ScriptedServer.with { request in
            let isOld = request.header("Authorization")?.contains("OLD/") == true
            seen.withLock { $0.append(isOld) }
            return isOld ? Self.fault(403, "ExpiredTokenException") : Self.done
        } _: { server in
            _ = try await Self.service(server.endpoint, [old]).post("/v1/x", Data())
        }
        #expect(seen.withLock { $0 } == [true, false])
    }

    @Test(
        "Refusals are told at once with AWS's words, those of rights with the keys that were used",
        arguments: [
            (400, "ClientException", AWSServiceError.Kind.refused), (403, "AccessDeniedException", .denied),
            (403, "UnrecognizedClientException", .denied), (404, "", .refused),
        ] as [(Int, String, AWSServiceError.Kind)])
    func refused(status: Int, code: String, kind: AWSServiceError.Kind) async throws {
        let (handler, counter) = Self.replies([Self.fault(status, code, "no such queue")])
        try await ScriptedServer.with(handler) { server in
            let error = await #expect(throws: AWSServiceError.self) {
                try await Self.service(server.endpoint).post("/v1/x", Data())
            }
            #expect(error?.kind == kind)
            #expect(error?.message.contains("no such queue") == true)
            #expect(error?.message.contains("AK of the test") == (kind == .denied))
            #expect(error?.message.contains("secret") == false)
        }
        #expect(counter.value == 1)
    }

    @Test("A service that cannot be reached is told within seconds")
    func unreachable() async throws {
        let error = await #expect(throws: AWSServiceError.self) {
            try await Self.service("http://127.0.0.1:9").post("/v1/x", Data())
        }
        #expect(error?.kind == .unreachable)
    }
}
