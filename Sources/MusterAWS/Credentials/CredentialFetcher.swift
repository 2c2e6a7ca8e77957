import Crypto
import FoundationEssentials
import MusterHTTP
import MusterObjects
import MusterProcess
import MusterSystem

/// Gets credentials from where they are.
struct CredentialFetcher: Sendable {
    let profiles: AWSProfiles
    let region: String
    let trust: HTTPTrust
    let surroundings: Surroundings

    func fetch(_ source: CredentialSource) async throws(ObjectStoreError) -> Credentials {
        switch source {
        case .keys(let keys): return keys
        case .process(let command, let name): return try await self.run(["/bin/sh", "-c", command], name)
        case .commandLine(let profile):
            return try await self.run(
                [
                    "/usr/bin/env", "aws", "configure", "export-credentials", "--profile", profile, "--format",
                    "process",
                ],
                "the profile \(profile), by the AWS command line")
        case .webIdentity(let role, let file, let session):
            let token = try Self.token(file)
            return try await self.assume(
                "AssumeRoleWithWebIdentity", role, session, [QueryItem("WebIdentityToken", token)], with: nil)
        case .assumedRole(let role, let externalID, let session, let from):
            let keys = try await self.fetch(from)
            let items = externalID.map { [QueryItem("ExternalId", $0)] } ?? []
            return try await self.assume("AssumeRole", role, session, items, with: keys)
        case .container(let address, let token, let file):
            return try await self.ask(container: address, token: token, tokenFile: file)
        case .instance: return try await self.askInstance()
        }
    }

    private static func token(_ file: String) throws(ObjectStoreError) -> String {
        // It is read each time: whoever gives it out replaces it before its end.
        guard let bytes = FileContents.read(file, limit: 1 << 16) else {
            throw ObjectStoreError(.credentials, "the token in \(file) cannot be read: \(SystemError.lastText)")
        }
        return String(decoding: bytes, as: UTF8.self).trimmingWhitespace()
    }

    private func run(_ command: [String], _ source: String) async throws(ObjectStoreError) -> Credentials {
        let outcome: ProcessOutcome
        do {
            outcome = try await ProcessReactor().run(
                ProcessSpec(
                    executable: command[0], arguments: Array(command.dropFirst()),
                    environment: self.profiles.environment),
                limit: 1 << 20)
        } catch is CancellationError {
            throw .cancelled
        } catch {
            throw ObjectStoreError(.credentials, "the credentials of \(source) cannot be had: \(error)")
        }
        let output = Data(outcome.standardOutput)
        guard outcome.status.isSuccess, let keys = CredentialAnswers.process(output, source: source) else {
            let text = String(decoding: outcome.standardError.suffix(500), as: UTF8.self).trimmingWhitespace()
            let reason =
                outcome.status.isSuccess ? "its output is no JSON of version 1" : "it ended with \(outcome.status)"
            throw ObjectStoreError(
                .credentials, "the credentials of \(source) cannot be had: \(text.isEmpty ? reason : text)")
        }
        return keys
    }
}

// MARK: Services

extension CredentialFetcher {
    /// Seconds: these services are near or not there.
    private static let timing = HTTPTiming(connect: 2, stall: 5)

    private func assume(
        _ action: String, _ role: String, _ session: String?, _ items: [QueryItem], with keys: Credentials?
    ) async throws(ObjectStoreError) -> Credentials {
        let address =
            self.profiles.variable("AWS_ENDPOINT_URL_STS") ?? self.profiles.variable("AWS_ENDPOINT_URL")
            ?? "https://sts.\(self.region).\(AWSProfiles.domain(self.region))"
        guard let origin = HTTPOrigin(address) else {
            throw ObjectStoreError(.invalid, "\(address) is no address of a server, such as https://host:9000")
        }
        let form = PercentEncoding.query(
            [
                QueryItem("Action", action), QueryItem("Version", "2011-06-15"), QueryItem("RoleArn", role),
                QueryItem("RoleSessionName", session ?? "muster"),
            ] + items)
        let body = Data(form.utf8)
        let unsigned = UnsignedRequest(
            method: "POST", path: "/", headers: [HTTPField("Content-Type", "application/x-www-form-urlencoded")])
        var headers = unsigned.headers
        if let keys {
            headers = RequestSigner(credentials: keys, region: self.region, service: "sts").headers(
                for: unsigned, host: origin.authority, payload: Hexadecimal.text(SHA256.hash(data: body)),
                at: AWSTime(self.surroundings.now()))
        }
        let source = "the role \(role)"
        let response = try await self.send(
            HTTPRequest("POST", "/", headers: headers, body: body), to: origin, source, trust: self.trust)
        guard let found = CredentialAnswers.role(response.body, source: source) else {
            throw Self.failure(source, response)
        }
        return found
    }

    private func ask(
        container address: String, token: String?, tokenFile: String?
    ) async throws(ObjectStoreError) -> Credentials {
        let near = ["127.0.0.1", "::1", "localhost", "169.254.170.2", "169.254.170.23", "fd00:ec2::23"]
        guard let origin = HTTPOrigin(address), origin.isSecure || near.contains(origin.host) else {
            throw ObjectStoreError(
                .credentials,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI names \(address), which is neither https nor an address of this machine"
            )
        }
        let path = address.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }
        var headers: [HTTPField] = []
        if let file = tokenFile {
            headers.append(HTTPField("Authorization", try Self.token(file)))
        } else if let token {
            headers.append(HTTPField("Authorization", token))
        }
        let source = "the container's endpoint"
        let response = try await self.send(
            HTTPRequest("GET", path.isEmpty ? "/" : String(path), headers: headers), to: origin, source,
            trust: self.trust)
        guard let keys = CredentialAnswers.service(response.body, source: source) else {
            throw Self.failure(source, response)
        }
        return keys
    }

    private func askInstance() async throws(ObjectStoreError) -> Credentials {
        let address = self.profiles.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? "http://169.254.169.254"
        guard let origin = HTTPOrigin(address) else {
            throw ObjectStoreError(
                .invalid, "\(address) of AWS_EC2_METADATA_SERVICE_ENDPOINT is no address of a server")
        }
        let source = "the instance's role"
        let path = "/latest/meta-data/iam/security-credentials/"
        do throws(ObjectStoreError) {
            let session = HTTPRequest(
                "PUT", "/latest/api/token", headers: [HTTPField("x-aws-ec2-metadata-token-ttl-seconds", "21600")])
            let token = try await self.text(session, origin, source)
            let headers = [HTTPField("x-aws-ec2-metadata-token", token)]
            let role = try await self.text(HTTPRequest("GET", path, headers: headers), origin, source)
            let name = role.split(separator: "\n").first.map(String.init) ?? ""
            let response = try await self.send(HTTPRequest("GET", path + name, headers: headers), to: origin, source)
            guard let keys = CredentialAnswers.service(response.body, source: source) else {
                throw Self.failure(source, response)
            }
            return keys
        } catch {
            guard error.code == .unreachable else { throw error }
            throw ObjectStoreError(
                .credentials,
                "there are no credentials of AWS: neither in the environment nor in ~/.aws, and this machine has no role (\(error)); set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            )
        }
    }

    private func text(
        _ request: HTTPRequest, _ origin: HTTPOrigin, _ source: String
    ) async throws(ObjectStoreError) -> String {
        let response = try await self.send(request, to: origin, source)
        guard response.head.status == 200 else { throw Self.failure(source, response) }
        return String(decoding: response.body, as: UTF8.self).trimmingWhitespace()
    }

    private func send(
        _ request: HTTPRequest, to origin: HTTPOrigin, _ source: String, trust: HTTPTrust = .system
    ) async throws(ObjectStoreError) -> HTTPResponse {
        let client = HTTPClient(trust: trust, proxies: try self.profiles.proxies(), timing: Self.timing)
        defer { client.close() }
        var attempt = 1
        while true {
            do throws(HTTPError) {
                let response = try await client.send(request, to: origin)
                guard response.head.status >= 500 || response.head.status == 429, attempt < 3 else { return response }
            } catch {
                if error.kind == .cancelled { throw .cancelled }
                guard attempt < 3, error.kind != .connect, error.kind != .tls else {
                    throw ObjectStoreError(.unreachable, "\(source) at \(origin) cannot be reached: \(error)")
                }
            }
            do { try await self.surroundings.sleep(0.2 * self.surroundings.random()) } catch { throw .cancelled }
            attempt += 1
        }
    }

    private static func failure(_ source: String, _ response: HTTPResponse) -> ObjectStoreError {
        let fault = XMLFault(response.body).map { "\($0.code): \($0.message)" }
        return ObjectStoreError(
            .credentials, "\(source) gives no credentials: \(fault ?? "it answered \(response.head.status)")")
    }
}
