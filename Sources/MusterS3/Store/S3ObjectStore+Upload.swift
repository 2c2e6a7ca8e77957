import Crypto
import FoundationEssentials
import Glibc
import MusterHTTP
package import MusterObjects
import MusterSystem

extension S3ObjectStore {
    /// Conflicts with other writers, after each of which a conditional upload has to begin anew.
    private static let conflicts = 5

    package func upload(_ path: String, to key: String, mode: PutMode) async throws(ObjectStoreError) -> UploadedFile {
        try ObjectKey.check(key)
        let (file, size) = try Self.open(path)
        let parts = self.transfer.parts(of: size)
        guard parts.count > 1, mode == .replacing || size > S3Transfer.wholeCreation else {
            let data = try Self.read(file, 0..<size)
            let digest = FileDigest(size: size, sha256: Hexadecimal.text(SHA256.hash(data: data)))
            return UploadedFile(outcome: try await self.put(data, digest.sha256, key, mode), file: digest)
        }
        if mode == .creating, try await self.headers(key) != nil {
            return UploadedFile(outcome: .exists, file: try Self.digest(file, size))
        }
        for _ in 0..<Self.conflicts {
            if let done = try await self.uploadParts(file, parts, key, mode) { return done }
        }
        throw ObjectStoreError(.busy, "other writers of s3://\(self.name(key)) were in the way \(Self.conflicts) times")
    }

    /// Returns nil when the upload has to begin anew.
    private func uploadParts(
        _ file: OpenFile, _ parts: [Range<Int>], _ key: String, _ mode: PutMode
    ) async throws(ObjectStoreError) -> UploadedFile? {
        let writer = Self.newWriter()
        let begun = try await self.client.send {
            S3Request(
                method: "POST", key: key, query: [QueryItem("uploads")],
                headers: [HTTPField(Self.writerHeader, writer)],
                canFailLate: true)
        }
        guard let upload = S3Answers.upload(begun.body) else {
            throw ObjectStoreError(
                .answer,
                "the beginning of an upload to s3://\(self.name(key)) is not S3's: \(Self.beginning(begun.body))")
        }
        do throws(ObjectStoreError) {
            let (tags, digest) = try await self.sendParts(file, parts, key, upload)
            let outcome = try await self.complete(tags, key, upload, writer, mode)
            if outcome != .stored { await self.abort(key, upload) }
            guard let outcome else { return nil }
            return UploadedFile(outcome: outcome, file: digest)
        } catch {
            await self.abort(key, upload)
            throw error
        }
    }

    /// Reads the parts in order, hashes the whole meanwhile, and keeps some on their way.
    private func sendParts(
        _ file: OpenFile, _ parts: [Range<Int>], _ key: String, _ upload: String
    ) async throws(ObjectStoreError) -> (tags: [String], digest: FileDigest) {
        let limit = self.transfer.uploads
        let result = await withTaskGroup(of: Result<(Int, String), ObjectStoreError>.self) { group in
            await Self.collect { () async throws(ObjectStoreError) in
                var hash = SHA256()
                var tags = [String](repeating: "", count: parts.count)
                for (number, range) in parts.enumerated() {
                    if number >= limit, let (done, tag) = try await group.next()?.get() { tags[done] = tag }
                    let data = try Self.read(file, range)
                    hash.update(data: data)
                    group.addTask {
                        await Self.collect { () async throws(ObjectStoreError) in
                            (number, try await self.send(data, part: number, key, upload))
                        }
                    }
                }
                while let (done, tag) = try await group.next()?.get() { tags[done] = tag }
                let size = parts.last?.upperBound ?? 0
                return (tags, FileDigest(size: size, sha256: Hexadecimal.text(hash.finalize())))
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
    private static func open(_ path: String) throws(ObjectStoreError) -> (file: OpenFile, size: Int) {
        do throws(SystemError) {
            let file = try OpenFile(path, O_RDONLY)
            return (file, try file.status().size)
        } catch {
            throw ObjectStoreError(.file, "\(error)")
        }
    }

    private static func read(_ file: OpenFile, _ range: Range<Int>) throws(ObjectStoreError) -> Data {
        var data = Data(count: range.count)
        let result = data.withUnsafeMutableBytes { buffer in
            // The closure of `withUnsafeMutableBytes` cannot throw a typed error.
            Result { () throws(SystemError) in try file.fill(buffer, from: range.lowerBound) }
        }
        let count: Int
        do throws(SystemError) { count = try result.get() } catch { throw ObjectStoreError(.file, "\(error)") }
        guard count == range.count else {
            throw ObjectStoreError(.file, "\(file.path) became shorter while it was sent")
        }
        return data
    }

    private static func digest(_ file: OpenFile, _ size: Int) throws(ObjectStoreError) -> FileDigest {
        var hash = SHA256()
        do throws(SystemError) {
            let count = try FileHash.add(0..<size, of: file, to: &hash)
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
