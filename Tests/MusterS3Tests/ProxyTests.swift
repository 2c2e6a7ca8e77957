import Foundation
import MusterAWS
import MusterObjects
import MusterProcess
import MusterTestSupport
import NIOSSL
import Testing

@testable import MusterHTTP
@testable import MusterS3

/// Proxies and certificates between this machine and a server.
@Suite struct ProxyTests {
    private static let answer = Data("the object".utf8)
    private let folder: TestFolder

    init() throws { self.folder = try TestFolder() }

    private func store(_ endpoint: String, _ variables: [String: String]) throws -> S3ObjectStore {
        try S3ObjectStore.make(testEnvironment(endpoint).merging(variables) { $1 }, policy: RetryPolicy(attempts: 1))
    }

    /// Runs `body` beside a server with a certificate for `name`, of an authority in the file that it is given.
    private func withTLS(_ name: String, _ body: (_ port: Int, _ authority: String) async throws -> Void) async throws {
        let files = ["key", "pem"].map { "\(self.folder.path)/\(name).\($0)" }
        let made = try await ProcessReactor().run(
            ProcessSpec(
                executable: "/usr/bin/openssl",
                arguments: [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-keyout", files[0], "-out", files[1], "-subj", "/CN=\(name)", "-addext",
                    "subjectAltName=DNS:\(name)",
                ], environment: [:]))
        try #require(made.status == .exited(0))
        let tls = try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: NIOSSLCertificate.fromPEMFile(files[1]).map { .certificate($0) },
                privateKey: .privateKey(NIOSSLPrivateKey(file: files[0], format: .pem))))
        try await ScriptedServer.with(tls: tls) { _ in
            .answer(200, [], Self.answer)
        } _: { server in
            try await body(server.port, files[1])
        }
    }

    @Test("Plain requests go through the proxy, which is shown its credentials and nothing more than it needs")
    func plain() async throws {
        let proxy = try await ProxyServer(in: self.folder, credentials: "ann:se cret")
        try await ScriptedServer.with { request in
            request.header("Proxy-Authorization") == nil || request.target.hasPrefix("/")
                ? .answer(200, [], Self.answer) : .answer(500)
        } _: { server in
            let endpoint = "http://bucket.example:\(server.port)"
            let store = try self.store(endpoint, ["HTTP_PROXY": "http://ann:se%20cret@127.0.0.1:\(proxy.port)"])
            #expect(try await store.get("key") == Self.answer)
            #expect(proxy.requests == ["GET \(endpoint)/some-bucket/key HTTP/1.1"])
        }
    }

    @Test("TLS goes through a tunnel, within which the server's certificate counts")
    func tunnel() async throws {
        let proxy = try await ProxyServer(in: self.folder)
        try await self.withTLS("bucket.example") { port, authority in
            let endpoint = "https://bucket.example:\(port)"
            let variables = ["https_proxy": "127.0.0.1:\(proxy.port)", "AWS_CA_BUNDLE": authority]
            let store = try self.store(endpoint, variables)
            #expect(try await store.get("one") == Self.answer)
            #expect(try await store.get("two") == Self.answer)
            #expect(proxy.requests == ["CONNECT bucket.example:\(port) HTTP/1.1"], "the connection is kept")
            let distrustful = try self.store(endpoint, ["https_proxy": "127.0.0.1:\(proxy.port)"])
            let error = await #expect(throws: ObjectStoreError.self) { _ = try await distrustful.get("one") }
            #expect(error?.code == .tls && error?.message.contains(endpoint) == true, "\(error as Any)")
            let other = try self.store("https://another.example:\(port)", variables)
            let wrong = await #expect(throws: ObjectStoreError.self) { _ = try await other.get("one") }
            #expect(wrong?.code == .tls, "\(wrong as Any)")
        }
    }

    @Test("A certificate of one's own authority is trusted without a proxy too, and refused without the authority")
    func certificates() async throws {
        try await self.withTLS("localhost") { port, authority in
            let endpoint = "https://localhost:\(port)"
            let trusting = try self.store(endpoint, ["AWS_CA_BUNDLE": authority])
            #expect(try await trusting.get("one") == Self.answer)
            let refused = await #expect(throws: ObjectStoreError.self) {
                _ = try await self.store(endpoint, [:]).get("one")
            }
            #expect(refused?.code == .tls, "\(refused as Any)")
            let missing = await #expect(throws: ObjectStoreError.self) {
                _ = try await self.store(endpoint, ["AWS_CA_BUNDLE": "/no/such/file"]).get("one")
            }
            #expect(missing?.message.contains("/no/such/file") == true, "\(missing as Any)")
        }
    }

    @Test("A proxy that refuses, is not there or is no proxy is named, and its password is not")
    func refusals() async throws {
        let proxy = try await ProxyServer(in: self.folder, credentials: "ann:right")
        let refused = try self.store(
            "https://bucket.example:1", ["HTTPS_PROXY": "http://ann:wrong@127.0.0.1:\(proxy.port)"])
        let first = await #expect(throws: ObjectStoreError.self) { _ = try await refused.get("key") }
        #expect(first?.code == .unreachable, "\(first as Any)")
        #expect(first?.message.contains("407") == true && first?.message.contains("127.0.0.1:\(proxy.port)") == true)
        #expect(first?.message.contains("wrong") == false)
        let absent = try self.store("http://bucket.example:1", ["HTTP_PROXY": "http://ann:wrong@127.0.0.1:1"])
        let second = await #expect(throws: ObjectStoreError.self) { _ = try await absent.get("key") }
        #expect(second?.message.contains("127.0.0.1:1") == true && second?.message.contains("wrong") == false)
        let third = #expect(throws: ObjectStoreError.self) {
            try self.store("http://bucket.example:1", ["HTTP_PROXY": "socks5://ann:wrong@127.0.0.1:1"])
        }
        #expect(third?.message.contains("HTTP_PROXY") == true && third?.message.contains("wrong") == false)
    }

    @Test(
        "Servers that NO_PROXY names, this machine and its link are reached directly",
        arguments: [
            ("https://a.example", "", true), ("http://a.example", "", false), ("https://a.example", "*", false),
            ("https://a.example", "example", false), ("https://a.example", ".example", false),
            ("https://a.example", "*.example", false), ("https://a.example", "b.example, a.example", false),
            ("https://aexample", ".example", true), ("https://a.example.org", "example", true),
            ("https://a.example:8443", "a.example:443", true), ("https://a.example:8443", "a.example:8443", false),
            ("https://A.EXAMPLE", "a.example", false), ("https://10.0.0.1", "10.0.0.1", false),
            ("https://127.0.0.1:9", "", false), ("https://localhost", "", false), ("https://169.254.170.2", "", false),
            ("https://[::1]", "", false), ("https://[2001:db8::1]", "2001:db8::1", false),
        ])
    func direct(server: String, variable: String, isProxied: Bool) throws {
        let proxies = try HTTPProxies { ["HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": variable][$0] }
        let origin = try #require(HTTPOrigin(server))
        #expect((proxies.proxy(for: origin) != nil) == isProxied)
    }
}
