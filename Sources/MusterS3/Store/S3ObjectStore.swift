import Crypto
package import FoundationEssentials
package import MusterAWS
package import MusterHTTP
package import MusterObjects
import MusterSystem

/// Objects in a bucket of S3 or of a server that speaks as S3 does.
package final class S3ObjectStore: ObjectStore {
    let client: S3Client
    let transfer: S3Transfer
    let creation = CreationSupport()
    let gate = TransferGate()

    /// - Parameters:
    ///   - profiles: The source of credentials.
    ///   - surroundings: Time and chance.
    package init(
        _ settings: S3Settings, profiles: AWSProfiles, policy: RetryPolicy = RetryPolicy(),
        timing: HTTPTiming = HTTPTiming(), transfer: S3Transfer = S3Transfer(), surroundings: Surroundings = .real
    ) {
        let keeper = CredentialKeeper(
            profiles, region: settings.region, trust: settings.trust, surroundings: surroundings)
        self.client = S3Client(
            settings: settings, keeper: keeper, policy: policy, timing: timing, surroundings: surroundings)
        self.transfer = transfer
    }

    package func get(_ key: String, range: Range<Int>?) async throws(ObjectStoreError) -> Data {
        try ObjectKey.check(key)
        if let range, range.isEmpty {
            guard try await self.head(key) != nil else { throw self.missing(key) }
            return Data()
        }
        let header = range.map { HTTPField("Range", "bytes=\($0.lowerBound)-\($0.upperBound - 1)") }
        let response = try await self.client.send {
            S3Request(method: "GET", key: key, headers: header.map { [$0] } ?? [], accepted: [416])
        }
        switch response.head.status {
        // The range begins at the object's end or behind it.
        case 416: return Data()
        case 206: return response.body
        // A server may send all of it.
        default: return range.map { Data(response.body.dropFirst($0.lowerBound).prefix($0.count)) } ?? response.body
        }
    }

    package func put(_ data: Data, at key: String, mode: PutMode) async throws(ObjectStoreError) -> PutOutcome {
        try ObjectKey.check(key)
        return try await self.put(data, Hexadecimal.text(SHA256.hash(data: data)), key, mode)
    }

    /// - Parameter payload: The SHA-256 of `data`.
    func put(
        _ data: Data, _ payload: String, _ key: String, _ mode: PutMode, _ headers: [HTTPField] = []
    ) async throws(ObjectStoreError) -> PutOutcome {
        let request = S3Request(method: "PUT", key: key, headers: headers, body: data, payload: payload)
        guard mode == .creating else {
            _ = try await self.client.send { request }
            return .stored
        }
        return try await self.create(request, key)
    }

    package func head(_ key: String) async throws(ObjectStoreError) -> ObjectInfo? {
        try ObjectKey.check(key)
        guard let head = try await self.headers(key) else { return nil }
        guard let size = head["Content-Length"].flatMap({ Int($0) }) else {
            throw ObjectStoreError(.answer, "the server tells no size of s3://\(self.name(key))")
        }
        return ObjectInfo(key: key, size: size, stamp: head["ETag"] ?? "")
    }

    package func age(_ key: String) async throws(ObjectStoreError) -> Double? {
        try ObjectKey.check(key)
        guard let head = try await self.headers(key), let now = head["Date"].flatMap(AWSTime.seconds(http:)),
            let changed = head["Last-Modified"].flatMap(AWSTime.seconds(http:))
        else { return nil }
        return max(0, now - changed)
    }

    package func list(_ request: ListRequest) async throws(ObjectStoreError) -> ObjectPage {
        var query = [
            QueryItem("list-type", "2"), QueryItem("encoding-type", "url"),
            QueryItem("prefix", self.client.settings.prefix + request.prefix),
            QueryItem("max-keys", "\(request.limit)"),
        ]
        if request.isShallow { query.append(QueryItem("delimiter", "/")) }
        if let after = request.after { query.append(QueryItem("continuation-token", after.text)) }
        let items = query
        let response = try await self.client.send { S3Request(method: "GET", key: nil, query: items) }
        guard let page = S3Answers.page(response.body, removing: self.client.settings.prefix) else {
            throw ObjectStoreError(
                .answer,
                "the listing of s3://\(self.name(request.prefix)) is not S3's: \(Self.beginning(response.body))")
        }
        return page
    }

    /// An address with which anybody may get the object for `seconds`, at most seven days, without keys.
    package func presignedGet(_ key: String, seconds: Int) async throws(ObjectStoreError) -> String {
        try ObjectKey.check(key)
        return try await self.client.presigned("GET", key, seconds: seconds)
    }
}

extension S3ObjectStore {
    /// The headers of the object; nil when there is none.
    func headers(_ key: String) async throws(ObjectStoreError) -> HTTPHead? {
        let response: S3Response
        do throws(ObjectStoreError) {
            response = try await self.client.send { S3Request(method: "HEAD", key: key) }
        } catch {
            guard error.code == .missing else { throw error }
            // The answer has no body that says whether the object or the bucket is missing.
            try await self.checkBucket()
            return nil
        }
        return response.head
    }

    /// Asks once; a bucket that was there is taken to stay.
    /// - Throws: ``ObjectStoreError/Code/noStore`` when there is none.
    private func checkBucket() async throws(ObjectStoreError) {
        guard !self.creation.hasBucket else { return }
        // Keys that may not look at the bucket can still be those of its objects.
        _ = try await self.client.send { S3Request(method: "HEAD", key: nil, accepted: [403]) }
        self.creation.noteBucket()
    }

    func missing(_ key: String) -> ObjectStoreError {
        ObjectStoreError(.missing, "there is no object s3://\(self.name(key))")
    }

    func name(_ key: String) -> String { "\(self.client.settings.bucket)/\(self.client.settings.prefix)\(key)" }

    /// The beginning of a body that was not understood, on one line.
    static func beginning(_ body: Data) -> String {
        String(decoding: body.prefix(120), as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}
