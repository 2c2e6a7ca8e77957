import Foundation
import MusterHTTP
import MusterObjects
import MusterTestSupport
import Synchronization
import Testing

@testable import MusterAWS

@Suite struct CredentialTests {
    private static func profiles(
        _ environment: [String: String] = [:], config: String = "", credentials: String = ""
    ) -> AWSProfiles {
        AWSProfiles(
            environment: environment, config: ProfileFile(config), credentials: ProfileFile(credentials))
    }

    private static let keys = "aws_access_key_id = A\naws_secret_access_key = S\n"

    @Test("The environment comes before every profile")
    func environmentFirst() throws {
        let source = try CredentialSource.find(
            Self.profiles(
                [
                    "AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
                    "AWS_PROFILE": "none",
                ],
                credentials: "[default]\n\(Self.keys)"))
        #expect(
            source == .keys(Credentials(accessKey: "E", secretKey: "s", sessionToken: "t", source: "the environment")))
    }

    @Test("A profile's keys come from the credentials file, then from a command, then from the config file")
    func profileOrder() throws {
        let config = "[profile p]\ncredential_process = tool --x\n\(Self.keys)"
        let both = Self.profiles(["AWS_PROFILE": "p"], config: config, credentials: "[p]\n\(Self.keys)")
        guard case .keys(let keys) = try CredentialSource.find(both) else { throw MissingSource() }
        #expect(keys.source == "the profile p of AWS's credentials file")
        #expect(
            try CredentialSource.find(Self.profiles(["AWS_PROFILE": "p"], config: config))
                == .process(command: "tool --x", source: "credential_process of the profile p"))
        let alone = Self.profiles(["AWS_PROFILE": "p"], config: "[profile p]\n\(Self.keys)")
        guard case .keys(let own) = try CredentialSource.find(alone) else { throw MissingSource() }
        #expect(own.source == "the profile p of AWS's config file")
    }

    @Test("A role that a program names is assumed whatever the credentials are")
    func namedRole() throws {
        let environment = ["MUSTER_ASSUME_ROLE": "arn:r", "AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s"]
        guard
            case .assumedRole("arn:r", nil, nil, .keys(let keys)) = try CredentialSource.find(
                Self.profiles(environment))
        else { throw MissingSource() }
        #expect(keys.accessKey == "E")
        #expect(
            try CredentialSource.find(Self.profiles(["MUSTER_ASSUME_ROLE": "arn:r"]))
                == .assumedRole(role: "arn:r", externalID: nil, session: nil, from: .instance))
    }

    @Test("A role is assumed with the credentials that its profile names, also through another role")
    func roles() throws {
        let config = """
            [profile a]
            role_arn = arn:a
            source_profile = b
            external_id = x
            [profile b]
            role_arn = arn:b
            source_profile = c
            [profile c]
            \(Self.keys)
            """
        let source = try CredentialSource.find(Self.profiles(["AWS_PROFILE": "a"], config: config))
        guard case .assumedRole("arn:a", "x", nil, .assumedRole("arn:b", nil, nil, .keys(let keys))) = source else {
            throw MissingSource()
        }
        #expect(keys.accessKey == "A")
    }

    @Test("Roles in a circle, and a role without a source, are refused")
    func brokenRoles() {
        for config in [
            "[default]\nrole_arn = r\nsource_profile = default", "[default]\nrole_arn = r",
            "[default]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = s\nsource_profile = default",
        ] {
            let error = #expect(throws: ObjectStoreError.self) {
                try CredentialSource.find(Self.profiles(config: config))
            }
            #expect(error?.code == .credentials)
        }
    }

    @Test("Without a profile the pod's identity, the container and the instance follow, in this order")
    func machines() throws {
        var environment = [
            "AWS_ROLE_ARN": "arn:r", "AWS_WEB_IDENTITY_TOKEN_FILE": "/token",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x",
        ]
        #expect(
            try CredentialSource.find(Self.profiles(environment))
                == .webIdentity(role: "arn:r", tokenFile: "/token", session: nil))
        environment["AWS_ROLE_ARN"] = nil
        #expect(
            try CredentialSource.find(Self.profiles(environment))
                == .container(address: "http://169.254.170.2/v2/x", token: nil, tokenFile: nil))
        #expect(try CredentialSource.find(Self.profiles()) == .instance)
        #expect(throws: ObjectStoreError.self) {
            try CredentialSource.find(Self.profiles(["AWS_EC2_METADATA_DISABLED": "true"]))
        }
        #expect(throws: ObjectStoreError.self) { try CredentialSource.find(Self.profiles(["AWS_PROFILE": "absent"])) }
    }

    @Test(
        "A login of the AWS command line is asked of it", arguments: ["sso_session", "sso_start_url", "login_session"])
    func commandLine(key: String) throws {
        let profiles = Self.profiles(["AWS_PROFILE": "p"], config: "[profile p]\n\(key) = x")
        #expect(try CredentialSource.find(profiles) == .commandLine(profile: "p"))
    }

    @Test("Keys are fetched once for all, and anew five minutes before their end")
    func keeps() async throws {
        let now = Mutex(1000.0)
        let fetched = Mutex(0)
        var surroundings = Surroundings.real
        surroundings.now = { now.withLock { $0 } }
        surroundings.uptime = { now.withLock { $0 } }
        let keeper = CredentialKeeper(surroundings: surroundings) { () async throws(ObjectStoreError) in
            let number = fetched.withLock {
                $0 += 1
                return $0
            }
            if number == 2 { throw ObjectStoreError(.unreachable, "down") }
            return Credentials(
                accessKey: "\(number)", secretKey: "", expires: now.withLock { $0 } + 3600, source: "")
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await keeper.credentials().accessKey } }
            for try await key in group { #expect(key == "1") }
        }
        #expect(fetched.withLock { $0 } == 1)
        now.withLock { $0 += 3400 }
        // The second fetch fails: the old keys are still valid, and it is not asked again at once.
        #expect(try await keeper.credentials().accessKey == "1")
        #expect(try await keeper.credentials().accessKey == "1")
        #expect(fetched.withLock { $0 } == 2)
        now.withLock { $0 += 60 }
        #expect(try await keeper.credentials().accessKey == "3")
    }

    @Test("A web identity's token is given to STS, and the keys of its answer are used")
    func webIdentity() async throws {
        let body = """
            <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AS</AccessKeyId>
              <SecretAccessKey>secret</SecretAccessKey><SessionToken>to&amp;ken</SessionToken>
              <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
            </AssumeRoleWithWebIdentityResponse>
            """
        let file = "/tmp/token-of-test-\(UInt32.random(in: 0...UInt32.max))"
        try Data("abc.def\n".utf8).write(to: URL(filePath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let recorded = Recorded()
        try await ScriptedServer.with { request in
            _ = recorded.add(request)
            return .answer(200, [], Data(body.utf8))
        } _: { server in
            let keys = try await Self.fetcher(["AWS_ENDPOINT_URL_STS": server.endpoint]).fetch(
                .webIdentity(role: "arn:r", tokenFile: file, session: "s"))
            #expect(keys.accessKey == "AS")
            #expect(keys.sessionToken == "to&ken")
            #expect(keys.expires == 1_893_456_000)
        }
        let form = String(decoding: try #require(recorded.requests.first).body, as: UTF8.self)
        #expect(form.contains("Action=AssumeRoleWithWebIdentity"))
        #expect(form.contains("WebIdentityToken=abc.def"))
        #expect(recorded.requests.first?.header("Authorization") == nil)
    }

    @Test("An instance is asked for a session first, and a container with its token")
    func services() async throws {
        let json =
            #"{"Code":"Success","AccessKeyId":"AI","SecretAccessKey":"s","Token":"t","Expiration":"2030-01-01T00:00:00Z"}"#
        try await ScriptedServer.with { request in
            switch (request.method, request.target) {
            case ("PUT", "/latest/api/token"): return .answer(200, [], Data("session".utf8))
            case ("GET", "/container?x=1"):
                let isRight = request.header("Authorization") == "Bearer x"
                return isRight ? .answer(200, [], Data(json.utf8)) : .answer(401)
            case ("GET", let target) where request.header("x-aws-ec2-metadata-token") == "session":
                let isRole = target.hasSuffix("/my-role")
                return .answer(200, [], Data((isRole ? json : "my-role\n").utf8))
            default: return .answer(401)
            }
        } _: { server in
            let fetcher = Self.fetcher(["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.endpoint])
            #expect(try await fetcher.fetch(.instance).accessKey == "AI")
            let address = "\(server.endpoint)/container?x=1"
            let keys = try await fetcher.fetch(.container(address: address, token: "Bearer x", tokenFile: nil))
            #expect(keys.sessionToken == "t")
            await #expect(throws: ObjectStoreError.self) {
                try await fetcher.fetch(.container(address: address, token: "wrong", tokenFile: nil))
            }
        }
        // The keys of a container are not fetched from just anywhere.
        let error = await #expect(throws: ObjectStoreError.self) {
            try await Self.fetcher([:]).fetch(.container(address: "http://example.com/", token: nil, tokenFile: nil))
        }
        #expect(error?.message.contains("http://example.com/") == true)
    }

    @Test("A command that fails is told with its own words")
    func process() async throws {
        let error = await #expect(throws: ObjectStoreError.self) {
            try await Self.fetcher(["PATH": "/usr/bin:/bin"]).fetch(
                .process(command: "echo 'log in first' >&2; exit 3", source: "the tool"))
        }
        #expect(error?.message == "the credentials of the tool cannot be had: log in first")
    }

    private static func fetcher(_ environment: [String: String]) -> CredentialFetcher {
        CredentialFetcher(
            profiles: self.profiles(environment), region: "us-east-1", trust: .system, surroundings: .real)
    }
}

private struct MissingSource: Error {}
