import FoundationEssentials
import MusterHTTP
import MusterObjects

/// Puts that must not replace an object.
///
/// S3 has `If-None-Match: *` for them. An answer can be lost, and the repeated request then meets the object that the
/// first one made; some servers ignore the condition. For both, each put carries a name of its own as metadata of the
/// object, and a look at the object tells whose it is.
extension S3ObjectStore {
    static let writerHeader = "x-amz-meta-muster-writer"

    static func newWriter() -> String { UUID().uuidString.lowercased() }

    /// - Parameter put: The request without the condition.
    func create(_ put: S3Request, _ key: String) async throws(ObjectStoreError) -> PutOutcome {
        if self.creation.condition != .honoured, try await self.headers(key) != nil { return .exists }
        let writer = Self.newWriter()
        let outcome = try await self.putOnce(put, key, writer)
        guard outcome == .stored, self.creation.condition != .honoured else { return outcome }
        if self.creation.condition == .unknown {
            // Put a second time, the same bytes are refused by a server that knows the condition.
            let again = try await self.client.send { Self.conditional(put, writer) }
            self.creation.note(again.head.status == 412 ? .honoured : .ignored)
            if again.head.status == 412 { return .stored }
        }
        // The last of several writers has the object.
        return try await self.isWriter(writer, of: key) ? .stored : .exists
    }

    /// True when the object is the one that `writer` has put.
    func isWriter(_ writer: String, of key: String) async throws(ObjectStoreError) -> Bool {
        try await self.headers(key)?[Self.writerHeader] == writer
    }

    private func putOnce(
        _ put: S3Request, _ key: String, _ writer: String
    ) async throws(ObjectStoreError) -> PutOutcome {
        let response = try await self.client.send { Self.conditional(put, writer) }
        guard response.head.status == 412 else { return .stored }
        guard response.mayHaveHappenedBefore else { return .exists }
        return try await self.isWriter(writer, of: key) ? .stored : .exists
    }

    private static func conditional(_ put: S3Request, _ writer: String) -> S3Request {
        var request = put
        request.headers += [HTTPField("If-None-Match", "*"), HTTPField(Self.writerHeader, writer)]
        request.accepted = [412]
        return request
    }
}
