import Foundation
import MusterBackends
import MusterHTTP
import MusterModel
import MusterProcess

/// A program that tells a token or a certificate, such as `aws eks get-token`
/// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins).
struct ExecPlugin: Sendable {
    /// As kubectl's configuration has it.
    struct Settings: Decodable, Sendable {
        var apiVersion: String?
        var command: String
        var args: [String]?
        var env: [Variable]?
        var provideClusterInfo: Bool?
        var installHint: String?

        struct Variable: Decodable, Sendable {
            var name: String
            var value: String
        }
    }

    /// What it has told.
    struct Answer: Decodable, Sendable {
        var status: Status?

        struct Status: Decodable, Sendable {
            var token: String?
            var expirationTimestamp: String?
            var clientCertificateData: String?
            var clientKeyData: String?
        }
    }

    /// Seconds until it is ended.
    private static let limit = Duration.seconds(60)

    let settings: Settings
    private let folder: String
    private let environment: [String: String]

    init(
        _ settings: Settings, folder: String, cluster: Kubeconfig.Entry<Kubeconfig.Cluster>,
        environment: [String: String]
    ) {
        self.settings = settings
        self.folder = folder
        var variables = environment
        for each in settings.env ?? [] { variables[each.name] = each.value }
        variables["KUBERNETES_EXEC_INFO"] = Self.info(settings, cluster.value)
        self.environment = variables
    }

    private static func info(_ settings: Settings, _ cluster: Kubeconfig.Cluster) -> String {
        var specification: [String: JSONValue] = ["interactive": .bool(false)]
        if settings.provideClusterInfo == true {
            var fields: [String: JSONValue] = [:]
            fields["server"] = cluster.server.map(JSONValue.string)
            fields["certificate-authority-data"] = cluster.certificateAuthorityData.map(JSONValue.string)
            fields["tls-server-name"] = cluster.tlsServerName.map(JSONValue.string)
            specification["cluster"] = .object(fields)
        }
        let info = JSONValue.object([
            "apiVersion": .string(settings.apiVersion ?? "client.authentication.k8s.io/v1"),
            "kind": .string("ExecCredential"), "spec": .object(specification),
        ])
        // A value of texts and truths can be encoded.
        return (try? info.data()).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Runs the program.
    /// - Throws: A ``BackendError`` with the program's own words.
    func ask() async throws(BackendError) -> Answer.Status {
        let outcome = await self.run()
        let output = try outcome.get()
        let decoded = try? JSONDecoder().decode(Answer.self, from: Data(output))
        guard let status = decoded?.status, status.token != nil || status.clientCertificateData != nil else {
            throw BackendError(
                code: .answer,
                message: "\(self.settings.command), which kubectl's configuration names, told no credentials",
                isTransient: true)
        }
        return status
    }

    private func run() async -> Result<[UInt8], BackendError> {
        // A name with a slash is a path that starts at the configuration's folder.
        let command = self.settings.command
        let isRelative = command.contains("/") && !command.hasPrefix("/")
        let spec = ProcessSpec(
            executable: isRelative ? "\(self.folder)/\(command)" : command, arguments: self.settings.args ?? [],
            environment: self.environment)
        let answer = Task { try await ProcessReactor().run(spec, limit: 1 << 20) }
        let timer = Task {
            // Cancelled, the answer is there.
            guard (try? await Task.sleep(for: Self.limit)) != nil else { return }
            answer.cancel()
        }
        defer { timer.cancel() }
        do {
            let outcome = try await answer.value
            guard outcome.status.isSuccess else {
                let words = String(decoding: outcome.standardError.suffix(500), as: UTF8.self)
                return .failure(
                    BackendError(
                        code: .unreachable,
                        message:
                            "\(command), which tells who you are to the cluster, ended with \(outcome.status): \(words)",
                        isTransient: true))
            }
            return .success(Array(outcome.standardOutput))
        } catch is CancellationError {
            return .failure(
                BackendError(
                    code: .unreachable,
                    message: "\(command), which tells who you are to the cluster, said nothing for \(Self.limit)",
                    isTransient: true))
        } catch {
            let hint = self.settings.installHint.map { ": \($0)" } ?? ""
            return .failure(
                BackendError(
                    code: .missing, message: "\(command), which tells who you are to the cluster: \(error)\(hint)",
                    isTransient: false))
        }
    }
}
