import Crypto
import FoundationEssentials
import Glibc
import MusterAWS
import MusterHTTP
package import MusterObjects
import MusterSystem

extension S3ObjectStore {
    /// Conflicts with other writers, after each of which a conditional upload has to begin anew.
    static let conflicts = 5

    package func upload(_ path: String, to key: String, mode: PutMode) async throws(ObjectStoreError) -> UploadedFile {
        try ObjectKey.check(key)
        let source = try UploadSource(S3FilePiece(path))
        guard self.transfer.needsParts(source.range.count, mode) else {
            let data = try source.bytes(source.range)
            let digest = FileDigest(size: data.count, sha256: Hexadecimal.text(SHA256.hash(data: data)))
            return UploadedFile(outcome: try await self.put(data, digest.sha256, key, mode), file: digest)
        }
        if mode == .creating, try await self.headers(key) != nil {
            return UploadedFile(outcome: .exists, file: try Self.digest(source))
        }
        for _ in 0..<Self.conflicts {
            var hash = SHA256()
            if let outcome = try await self.uploadParts(source, key, mode, [], reading: { hash.update(data: $0) }) {
                let digest = FileDigest(size: source.range.count, sha256: Hexadecimal.text(hash.finalize()))
                return UploadedFile(outcome: outcome, file: digest)
            }
        }
        throw self.conflicting(key)
    }

    func conflicting(_ key: String) -> ObjectStoreError {
        ObjectStoreError(.busy, "other writers of s3://\(self.name(key)) were in the way \(Self.conflicts) times")
    }

    /// - Parameter reading: Called with the bytes of each part, in order; nil lets each task read its own.
    /// - Returns: Nil when the upload has to begin anew.
    func uploadParts(
        _ source: UploadSource, _ key: String, _ mode: PutMode, _ headers: [HTTPField], reading: ((Data) -> Void)? = nil
    ) async throws(ObjectStoreError) -> PutOutcome? {
        let writer = Self.newWriter()
        let begun = try await self.client.send {
            S3Request(
                method: "POST", key: key, query: [QueryItem("uploads")],
                headers: [HTTPField(Self.writerHeader, writer)] + headers, canFailLate: true)
        }
        guard let upload = S3Answers.upload(begun.body) else {
            throw ObjectStoreError(
                .answer,
                "the beginning of an upload to s3://\(self.name(key)) is not S3's: \(Self.beginning(begun.body))")
        }
        do throws(ObjectStoreError) {
            let tags = try await self.sendParts(source, key, upload, reading)
            let outcome = try await self.complete(tags, key, upload, writer, mode)
            if outcome != .stored { await self.abort(key, upload) }
            return outcome
        } catch {
            await self.abort(key, upload)
            throw error
        }
    }

    /// Keeps some parts on their way until all have arrived.
    /// - Returns: Their tags, in order.
    private func sendParts(
        _ source: UploadSource, _ key: String, _ upload: String, _ reading: ((Data) -> Void)?
    ) async throws(ObjectStoreError) -> [String] {
        let parts = self.transfer.parts(of: source.range.count)
        let limit = self.transfer.uploads
        let result = await withTaskGroup(of: Result<(Int, String), ObjectStoreError>.self) { group in
            await Self.collect { () async throws(ObjectStoreError) in
                var tags = [String](repeating: "", count: parts.count)
                for (number, range) in parts.enumerated() {
                    if number >= limit, let (done, tag) = try await group.next()?.get() { tags[done] = tag }
                    let data = try reading.map { _ throws(ObjectStoreError) in try source.bytes(range) }
                    if let reading, let data { reading(data) }
                    group.addTask {
                        await Self.collect { () async throws(ObjectStoreError) in
                            let tag = try await self.gate.pass(range.count) { () async throws(ObjectStoreError) in
                                let bytes = if let data { data } else { try source.bytes(range) }
                                return try await self.send(bytes, part: number, key, upload)
                            }
                            return (number, tag)
                        }
                    }
                }
                while let (done, tag) = try await group.next()?.get() { tags[done] = tag }
                return tags
            } onFailure: {
                group.cancelAll()
            }
        }
        return try result.get()
    }

    private func send(
        _ data: Data, part: Int, _ key: String, _ upload: String
    ) async throws(ObjectStoreError) -> String {
        let payload = Hexadecimal.text(SHA256.hash(data: data))
        let response = try await self.client.send {
            S3Request(
                method: "PUT", key: key,
                query: [QueryItem("partNumber", "\(part + 1)"), QueryItem("uploadId", upload)], body: data,
                payload: payload)
        }
        guard let tag = response.head["ETag"] else {
            throw ObjectStoreError(.answer, "the server tells no tag of part \(part + 1) of s3://\(self.name(key))")
        }
        return tag
    }

    /// Returns nil for a conflict.
    private func complete(
        _ tags: [String], _ key: String, _ upload: String, _ writer: String, _ mode: PutMode
    ) async throws(ObjectStoreError) -> PutOutcome? {
        let body = S3Bodies.complete(tags)
        let headers = mode == .creating ? [HTTPField("If-None-Match", "*")] : []
        let response = try await self.client.send {
            S3Request(
                method: "POST", key: key, query: [QueryItem("uploadId", upload)], headers: headers, body: body,
                accepted: [404, 409, 412], canFailLate: true)
        }
        switch response.head.status {
        // An upload that is gone was completed by a try whose answer was lost.
        case 404, 412:
            if try await self.isWriter(writer, of: key) { return .stored }
            if response.head.status == 412 { return .exists }
            throw ObjectStoreError(.refused, "the upload to s3://\(self.name(key)) was aborted by somebody else")
        case 409: return nil
        default: return .stored
        }
    }

    /// Parts that nobody completes cost money. An upload that is gone, and one that cannot be aborted, are left to the
    /// bucket's rule for incomplete uploads: the caller hears why the upload failed, and no object is missing for want of
    /// an abort. It is done also when the task was cancelled.
    private func abort(_ key: String, _ upload: String) async {
        await Task {
            _ = try? await self.client.send {
                S3Request(method: "DELETE", key: key, query: [QueryItem("uploadId", upload)], accepted: [404])
            }
        }.value
    }
}

// MARK: Files

extension S3ObjectStore {
    private static func digest(_ source: UploadSource) throws(ObjectStoreError) -> FileDigest {
        var hash = SHA256()
        do throws(SystemError) {
            let count = try FileHash.add(source.range, of: source.file, to: &hash)
            return FileDigest(size: count, sha256: Hexadecimal.text(hash.finalize()))
        } catch {
            throw ObjectStoreError(.file, "\(error)")
        }
    }

    /// The result of `body`, whose error keeps its type in a task group.
    static func collect<Value>(
        _ body: () async throws(ObjectStoreError) -> Value, onFailure: () -> Void = {}
    ) async -> Result<Value, ObjectStoreError> {
        do throws(ObjectStoreError) {
            return .success(try await body())
        } catch {
            onFailure()
            return .failure(error)
        }
    }
}
