import Crypto
package import FoundationEssentials
package import MusterHTTP
package import MusterObjects
import MusterSystem
import Synchronization

/// One of AWS's services that are asked in JSON: signs requests, repeats them, and corrects the clock.
package final class AWSService: Sendable {
    /// A service as AWS calls it.
    package struct Name: Sendable, Hashable {
        /// In the names of its servers and in signatures: `batch`.
        let host: String
        /// In settings of endpoints: `batch`, `cloudwatch_logs`.
        let setting: String

        package init(host: String, setting: String) {
            self.host = host
            self.setting = setting
        }
    }

    package let region: String
    /// The server that is asked.
    package let origin: HTTPOrigin
    private let name: Name
    private let keeper: CredentialKeeper
    private let http: HTTPClient
    private let policy: RetryPolicy
    private let surroundings: Surroundings
    private let state = Mutex(State())

    private struct State {
        /// Seconds that the service's clock is ahead of this machine's.
        var clockOffset = 0.0
        var hasAnswered = false
    }

    /// - Parameter keeper: The credentials, which several services share.
    /// - Throws: `ObjectStoreError` for a setting of AWS that cannot be used.
    package init(
        _ name: Name, profiles: AWSProfiles, keeper: CredentialKeeper,
        policy: RetryPolicy = RetryPolicy(attempts: 6, patience: 60, base: 0.2, cap: 10),
        timing: HTTPTiming = HTTPTiming(), surroundings: Surroundings = .real
    ) throws(ObjectStoreError) {
        self.name = name
        self.region = profiles.region ?? "us-east-1"
        let host = "\(name.host).\(self.region).\(AWSProfiles.domain(self.region))"
        self.origin =
            try profiles.endpoint(of: name.setting) ?? HTTPOrigin(isSecure: true, host: host, port: 443)
        self.keeper = keeper
        self.http = HTTPClient(trust: profiles.trust, proxies: try profiles.proxies(), timing: timing)
        self.policy = policy
        self.surroundings = surroundings
    }

    /// Posts a request and waits for its answer.
    /// - Parameter isRepeatable: The service may do it twice; false: after a failure nobody knows whether it was done.
    package func post(
        _ path: String, headers: [HTTPField] = [], _ body: Data, isRepeatable: Bool = true
    ) async throws(AWSServiceError) -> Data {
        let request = UnsignedRequest(method: "POST", path: path, headers: headers)
        let began = self.surroundings.uptime()
        var number = 1
        var corrections = Corrections()
        while true {
            let outcome = await self.attempt(request, body, &corrections)
            if case .done(let data) = outcome { return data }
            if case .failed(let error) = outcome {
                guard self.repeats(error, isRepeatable, number, since: began) else { throw error }
                number += 1
                await self.pause(before: number - 1)
            }
            if Task.isCancelled { throw AWSServiceError(.cancelled, "the request was cancelled") }
        }
    }

    private enum Outcome {
        case done(Data)
        /// The request can be repeated at once, in another way.
        case corrected
        case failed(AWSServiceError)
    }

    /// Each of them is made once for a request: one that was to no effect is not made again.
    private struct Corrections {
        var clock = false
        var refused: Credentials?
    }

    private func attempt(
        _ request: UnsignedRequest, _ body: Data, _ corrections: inout Corrections
    ) async -> Outcome {
        let credentials: Credentials
        do throws(ObjectStoreError) {
            credentials = try await self.keeper.credentials(besides: corrections.refused)
        } catch {
            return .failed(AWSServiceError(error))
        }
        let response: HTTPResponse
        do throws(HTTPError) {
            response = try await self.http.send(self.signed(request, body, credentials), to: self.origin)
        } catch {
            return .failed(self.failure(error))
        }
        self.state.withLock { $0.hasAnswered = true }
        return self.judge(response, credentials, &corrections)
    }

    private func signed(_ request: UnsignedRequest, _ body: Data, _ credentials: Credentials) -> HTTPRequest {
        let now = self.surroundings.now() + self.state.withLock { $0.clockOffset }
        let headers = RequestSigner(credentials: credentials, region: self.region, service: self.name.host).headers(
            for: request, host: self.origin.authority, payload: Hexadecimal.text(SHA256.hash(data: body)),
            at: AWSTime(now))
        return HTTPRequest(request.method, request.target, headers: headers, body: body)
    }

    private func judge(
        _ response: HTTPResponse, _ credentials: Credentials, _ corrections: inout Corrections
    ) -> Outcome {
        switch AWSServiceAnswer(response.head, response.body) {
        case .done: return .done(response.body)
        case .clock(let fault):
            guard !corrections.clock, let date = response.head["Date"].flatMap(AWSTime.seconds(http:)) else {
                return .failed(self.error(.denied, fault, credentials))
            }
            corrections.clock = true
            self.state.withLock { [offset = date - self.surroundings.now()] in $0.clockOffset = offset }
            return .corrected
        case .expired(let fault):
            guard corrections.refused == nil else { return .failed(self.error(.denied, fault, credentials)) }
            corrections.refused = credentials
            return .corrected
        case .throttled(let fault): return .failed(self.error(.throttled, fault, credentials))
        case .failed(let fault): return .failed(self.error(.failed, fault, credentials))
        case .denied(let fault): return .failed(self.error(.denied, fault, credentials))
        case .refused(let fault): return .failed(self.error(.refused, fault, credentials))
        }
    }

    private func error(
        _ kind: AWSServiceError.Kind, _ fault: AWSServiceAnswer.Fault, _ credentials: Credentials
    ) -> AWSServiceError {
        let name = fault.code.isEmpty ? "" : " (\(fault.code))"
        let place = kind == .denied ? ", asked in \(self.region) with \(credentials)" : ""
        return AWSServiceError(kind, code: fault.code, "\(self.name.host) says: \(fault.message)\(name)\(place)")
    }

    private func failure(_ error: HTTPError) -> AWSServiceError {
        let message = "\(self.name.host) at \(self.origin) cannot be asked: \(error)"
        return switch error.kind {
        case .cancelled: AWSServiceError(.cancelled, "the request was cancelled")
        case .connect: AWSServiceError(.unreachable, message)
        case .tls: AWSServiceError(.denied, message)
        case .closed, .stalled, .malformed, .receiver: AWSServiceError(.failed, message)
        }
    }

    private func repeats(
        _ error: AWSServiceError, _ isRepeatable: Bool, _ number: Int, since began: Double
    ) -> Bool {
        guard error.isTransient, isRepeatable || error.kind != .failed, number < self.policy.attempts else {
            return false
        }
        // A server that has never answered is more likely misspelt than down.
        let isStrange = error.kind == .unreachable && !self.state.withLock { $0.hasAnswered }
        let patience = isStrange ? self.policy.firstPatience : self.policy.patience
        return self.surroundings.uptime() - began < patience
    }

    private func pause(before number: Int) async {
        // Cancelled, it is over, which the caller sees.
        try? await self.surroundings.sleep(
            self.policy.pause(before: number, random: self.surroundings.random()))
    }
}
