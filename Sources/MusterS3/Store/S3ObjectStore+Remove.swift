import Crypto
import FoundationEssentials
import MusterAWS
import MusterHTTP
package import MusterObjects

extension S3ObjectStore {
    /// Keys in one request: the limit of S3.
    private static let batch = 1000

    package func remove(_ keys: [String]) async throws(ObjectStoreError) {
        for key in keys { try ObjectKey.check(key) }
        guard keys.count > 1 else {
            for key in keys { try await self.removeOne(key) }
            return
        }
        let held = keys.filter { S3Bodies.canHold($0) }
        for start in stride(from: 0, to: held.count, by: Self.batch) {
            try await self.removeBatch(Array(held[start..<min(start + Self.batch, held.count)]))
        }
        for key in keys where !S3Bodies.canHold(key) { try await self.removeOne(key) }
    }

    private func removeOne(_ key: String) async throws(ObjectStoreError) {
        do throws(ObjectStoreError) {
            _ = try await self.client.send { S3Request(method: "DELETE", key: key) }
        } catch {
            guard error.code == .missing else { throw error }
        }
    }

    private func removeBatch(_ keys: [String]) async throws(ObjectStoreError) {
        let body = S3Bodies.delete(keys.map { self.client.settings.prefix + $0 })
        // The one operation for which S3 demands a checksum of its own.
        let checksum = Data(Insecure.MD5.hash(data: body)).base64EncodedString()
        let response = try await self.client.send {
            S3Request(
                method: "POST", key: nil, query: [QueryItem("delete")], headers: [HTTPField("Content-MD5", checksum)],
                body: body, canFailLate: true)
        }
        guard let undeleted = S3Answers.undeleted(response.body) else {
            throw ObjectStoreError(
                .answer,
                "the answer to a removal in s3://\(self.client.settings.bucket) is not S3's: \(Self.beginning(response.body))"
            )
        }
        // One by one, each is repeated, or refused with its reason.
        let prefix = self.client.settings.prefix.utf8.count
        for key in undeleted { try await self.removeOne(String(decoding: key.utf8.dropFirst(prefix), as: UTF8.self)) }
    }
}
