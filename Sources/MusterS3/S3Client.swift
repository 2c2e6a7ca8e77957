import Crypto
import FoundationEssentials
import MusterAWS
import MusterHTTP
import MusterObjects
import MusterSystem
import Synchronization

/// Sends the operations of one bucket: signs them, repeats them, and corrects what the server says is wrong.
struct S3Client: Sendable {
    let settings: S3Settings
    let keeper: CredentialKeeper
    let policy: RetryPolicy
    let surroundings: Surroundings
    private let http: HTTPClient
    private let learned: Learned

    init(
        settings: S3Settings, keeper: CredentialKeeper, policy: RetryPolicy, timing: HTTPTiming,
        surroundings: Surroundings
    ) {
        self.settings = settings
        self.keeper = keeper
        self.policy = policy
        self.surroundings = surroundings
        self.http = HTTPClient(trust: settings.trust, proxies: settings.proxies, timing: timing)
        self.learned = Learned(region: settings.region)
    }

    /// - Parameter prepare: Makes the request; called for each try.
    func send(_ prepare: @Sendable () -> S3Request) async throws(ObjectStoreError) -> S3Response {
        var attempt = Attempt(began: self.surroundings.uptime())
        while true {
            let request = prepare()
            let credentials = try await self.keeper.credentials(besides: attempt.refused)
            let state = self.learned.value
            let subject = Subject(self.settings, key: request.key, region: state.region, credentials: credentials)
            let response: HTTPResponse
            do throws(HTTPError) {
                response = try await self.http.send(
                    self.signed(request, credentials, state), to: self.settings.origin(region: state.region),
                    receiver: request.receiver)
            } catch {
                try await self.pause(&attempt, try self.judge(error, subject, &attempt))
                continue
            }
            switch try self.judge(response, request, subject, credentials, &attempt) {
            case .done:
                return S3Response(
                    head: response.head, body: response.body, mayHaveHappenedBefore: attempt.mayHaveHappened)
            case .corrected: continue
            case .failed(let failure): try await self.pause(&attempt, failure)
            }
        }
    }

    /// An address with which anybody may do `method` with the object for `seconds`.
    func presigned(_ method: String, _ key: String, seconds: Int) async throws(ObjectStoreError) -> String {
        let credentials = try await self.keeper.credentials()
        let state = self.learned.value
        let origin = self.settings.origin(region: state.region)
        let now = self.surroundings.now() + state.clockOffset
        // An address dies with the keys that signed it.
        let left = credentials.expires.map { Int($0 - now) } ?? seconds
        let request = UnsignedRequest(method: method, path: self.settings.path(key))
        let query = RequestSigner(credentials: credentials, region: state.region, service: "s3").presignedQuery(
            for: request, host: origin.authority, seconds: min(seconds, left), at: AWSTime(now))
        return "\(origin)\(request.path)?\(query)"
    }

    private func signed(_ request: S3Request, _ credentials: Credentials, _ state: Learned.State) -> HTTPRequest {
        let unsigned = UnsignedRequest(
            method: request.method, path: self.settings.path(request.key), query: request.query,
            headers: request.headers)
        let headers = RequestSigner(credentials: credentials, region: state.region, service: "s3").headers(
            for: unsigned, host: self.settings.origin(region: state.region).authority,
            payload: request.payload ?? Hexadecimal.text(SHA256.hash(data: request.body)),
            at: AWSTime(self.surroundings.now() + state.clockOffset))
        return HTTPRequest(request.method, unsigned.target, headers: headers, body: request.body)
    }

    private enum Judgement {
        case done
        /// The request can be repeated at once, in another way.
        case corrected
        /// The error to be thrown if the request is not repeated after a pause.
        case failed(ObjectStoreError)
    }

    /// - Throws: The error of an answer that no repetition would change.
    private func judge(
        _ response: HTTPResponse, _ request: S3Request, _ subject: Subject, _ credentials: Credentials,
        _ attempt: inout Attempt
    ) throws(ObjectStoreError) -> Judgement {
        self.learned.update { $0.hasAnswered = true }
        let head = response.head
        let fault = request.canFailLate || head.status >= 300 ? XMLFault(response.body) : nil
        switch S3Verdict.of(head, fault, accepting: request.accepted) {
        case .done:
            self.learned.update { $0.budget.succeed(afterRepetition: attempt.number > 1) }
            return .done
        case .again:
            // A failure of the server tells nothing about what it did before.
            if head.status >= 500 || head.status == 200 { attempt.mayHaveHappened = true }
            return .failed(subject.failure(.busy, head, fault))
        case .region(let region):
            guard attempt.correct(.region) else { throw subject.failure(.region, head, fault) }
            self.learned.update { $0.region = region }
        case .clock:
            guard attempt.correct(.clock), let date = head["Date"].flatMap(AWSTime.seconds(http:)) else {
                throw subject.failure(.clock, head, fault)
            }
            self.learned.update { [offset = date - self.surroundings.now()] in $0.clockOffset = offset }
        case .expired:
            guard attempt.correct(.credentials) else { throw subject.failure(.credentials, head, fault) }
            attempt.refused = credentials
        // Of the bucket itself.
        case .fail(.missing) where request.key == nil: throw subject.failure(.noStore, head, fault)
        case .fail(let code): throw subject.failure(code, head, fault)
        }
        return .corrected
    }

    /// Returns the error to be thrown if the request is not repeated; throws it when that cannot help.
    private func judge(
        _ error: HTTPError, _ subject: Subject, _ attempt: inout Attempt
    ) throws(ObjectStoreError) -> ObjectStoreError {
        switch error.kind {
        case .cancelled: throw .cancelled
        case .tls: throw subject.failure(.tls, "\(error)")
        case .receiver:
            throw error.cause as? ObjectStoreError ?? ObjectStoreError(.file, "\(error)")
        case .connect:
            return subject.failure(.unreachable, "\(error)")
        case .closed, .stalled, .malformed:
            attempt.mayHaveHappened = true
            return subject.failure(.busy, "\(error)")
        }
    }

    private func pause(_ attempt: inout Attempt, _ failure: ObjectStoreError) async throws(ObjectStoreError) {
        let pause = self.policy.pause(before: attempt.number, random: self.surroundings.random())
        // A server that has worked may be starting again; one that never has is more likely misspelt.
        let isStrange = failure.code == .unreachable && !self.learned.value.hasAnswered
        let patience = isStrange ? self.policy.firstPatience : self.policy.patience
        guard attempt.number < self.policy.attempts, self.surroundings.uptime() - attempt.began + pause < patience,
            self.learned.update({ $0.budget.take() })
        else {
            let tries = attempt.number == 1 ? "" : " (\(attempt.number) tries)"
            throw ObjectStoreError(failure.code, failure.message + tries)
        }
        attempt.number += 1
        do { try await self.surroundings.sleep(pause) } catch { throw .cancelled }
    }
}

/// The tries of one operation.
private struct Attempt {
    enum Correction: Hashable { case region, clock, credentials }

    let began: Double
    var number = 1
    var mayHaveHappened = false
    var refused: Credentials?
    private var corrections: Set<Correction> = []

    init(began: Double) { self.began = began }

    /// False when it was corrected before, and to no effect.
    mutating func correct(_ correction: Correction) -> Bool { self.corrections.insert(correction).inserted }
}

/// The facts about a server that its answers have taught.
private final class Learned: Sendable {
    struct State: Sendable {
        var region: String
        /// Seconds that the server's clock is ahead of this machine's.
        var clockOffset = 0.0
        var hasAnswered = false
        var budget = RetryBudget()
    }

    private let state: Mutex<State>

    init(region: String) { self.state = Mutex(State(region: region)) }

    var value: State { self.state.withLock { $0 } }

    @discardableResult
    func update<Value: Sendable>(_ change: (inout State) -> Value) -> Value { self.state.withLock { change(&$0) } }
}
