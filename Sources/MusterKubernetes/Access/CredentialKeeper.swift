import Foundation
import MusterBackends
import MusterHTTP

/// Who this program is to the API server, told anew before it is forgotten.
actor CredentialKeeper {
    /// What a request shows.
    struct Proof: Sendable, Hashable {
        /// The header `Authorization`; nil where a certificate says it all.
        var authorization: String?
        /// A certificate that a plugin has told.
        var identity: HTTPTrust.Identity?
    }

    /// Seconds for which a token from a file is used: whoever renews it does so in time.
    private static let fileAge = 60.0
    /// Seconds before its end at which a plugin is asked again.
    private static let early = 60.0

    private let credential: KubernetesAccess.Credential
    private var known: Proof?
    /// When ``known`` has to be asked for again, in seconds of ``uptime``; nil: never.
    private var end: Double?
    private var running: Task<Result<Proof, BackendError>, Never>?
    private let uptime: @Sendable () -> Double

    init(_ credential: KubernetesAccess.Credential, uptime: @escaping @Sendable () -> Double) {
        self.credential = credential
        self.uptime = uptime
    }

    /// - Parameter refused: What the server has just refused.
    func proof(besides refused: Proof? = nil) async throws(BackendError) -> Proof {
        if let known = self.known, known != refused, self.end.map({ self.uptime() < $0 }) ?? true { return known }
        let result = await self.fetch()
        return try result.get()
    }

    /// One at a time: everybody waits for the same.
    private func fetch() async -> Result<Proof, BackendError> {
        if let running = self.running { return await running.value }
        let task = Task { await self.fetched() }
        self.running = task
        let result = await task.value
        self.running = nil
        if case .success(let proof) = result { self.known = proof }
        return result
    }

    private func fetched() async -> Result<Proof, BackendError> {
        switch self.credential {
        case .none: return .success(Proof())
        case .token(let token): return .success(Proof(authorization: "Bearer \(token)"))
        case .basic(let name, let password):
            let text = Data("\(name):\(password)".utf8).base64EncodedString()
            return .success(Proof(authorization: "Basic \(text)"))
        case .tokenFile(let path): return self.read(path)
        case .plugin(let plugin): return await self.ask(plugin)
        }
    }

    private func read(_ path: String) -> Result<Proof, BackendError> {
        do throws(BackendError) {
            let token = try KubernetesAccess.text(of: path).filter { !$0.isWhitespace }
            self.end = self.uptime() + Self.fileAge
            return .success(Proof(authorization: "Bearer \(token)"))
        } catch {
            return .failure(error)
        }
    }

    private func ask(_ plugin: ExecPlugin) async -> Result<Proof, BackendError> {
        let status: ExecPlugin.Answer.Status
        do throws(BackendError) { status = try await plugin.ask() } catch { return .failure(error) }
        self.end = status.expirationTimestamp.flatMap { self.seconds(until: $0) }.map {
            self.uptime() + max(0, $0 - Self.early)
        }
        var proof = Proof(authorization: status.token.map { "Bearer \($0)" })
        if let certificates = status.clientCertificateData, let key = status.clientKeyData {
            proof.identity = HTTPTrust.Identity(certificates: Data(certificates.utf8), key: Data(key.utf8))
        }
        return .success(proof)
    }

    /// A token says when it ends by the calendar's clock alone.
    private func seconds(until text: String) -> Double? {
        (try? Date(text, strategy: .iso8601))?.timeIntervalSinceNow
    }
}
