import Crypto
import FoundationEssentials
import Glibc
import MusterHTTP
package import MusterObjects
import MusterSystem

/// Objects with their attributes, out of files and into files. No digest is computed of what is moved: see
/// ``S3ObjectStore/upload(_:to:mode:)`` and ``S3ObjectStore/download(_:to:)`` for those.
extension S3ObjectStore {
    /// The object's size and attributes; nil when there is none.
    package func facts(_ key: String) async throws(ObjectStoreError) -> S3ObjectFacts? {
        try ObjectKey.check(key)
        guard let head = try await self.headers(key) else { return nil }
        return S3ObjectFacts(head, size: try self.size(head, key))
    }

    private func size(_ head: HTTPHead, _ key: String) throws(ObjectStoreError) -> Int {
        guard let size = head["Content-Length"].flatMap({ Int($0) }) else {
            throw ObjectStoreError(.answer, "the server tells no size of s3://\(self.name(key))")
        }
        return size
    }

    /// Makes the object of bytes of a file, which must not change meanwhile. Many bytes go in parts at the same time.
    package func send(
        _ piece: S3FilePiece, to key: String, _ attributes: S3Attributes = S3Attributes(), mode: PutMode = .replacing
    ) async throws(ObjectStoreError) -> PutOutcome {
        try ObjectKey.check(key)
        let headers = try attributes.headers()
        let source = try UploadSource(piece)
        guard self.transfer.needsParts(source.range.count, mode) else {
            return try await self.sendWhole(source, key, mode, headers)
        }
        if mode == .creating, try await self.headers(key) != nil { return .exists }
        for _ in 0..<Self.conflicts {
            if let outcome = try await self.uploadParts(source, key, mode, headers) { return outcome }
        }
        throw self.conflicting(key)
    }

    private func sendWhole(
        _ source: UploadSource, _ key: String, _ mode: PutMode, _ headers: [HTTPField]
    ) async throws(ObjectStoreError) -> PutOutcome {
        try await self.gate.pass(source.range.count) { () async throws(ObjectStoreError) in
            let data = try source.bytes(0..<source.range.count)
            return try await self.put(data, Hexadecimal.text(SHA256.hash(data: data)), key, mode, headers)
        }
    }
}

// MARK: Out of the bucket

extension S3ObjectStore {
    /// No object has a byte so far from its beginning.
    private static let farthest = 1 << 52

    /// Makes the file at `path` of bytes of the object, or replaces it. When this throws there is none.
    /// - Parameter range: Nil for the whole object.
    /// - Throws: ``ObjectStoreError/Code/missing``; ``ObjectStoreError/Code/range`` for a range that has no byte of the object.
    package func fetch(
        _ key: String, _ range: S3ByteRange? = nil, to path: String
    ) async throws(ObjectStoreError) -> S3FetchedFile {
        try ObjectKey.check(key)
        let file = try Self.make(path)
        do throws(ObjectStoreError) {
            for _ in 0..<Self.replacements {
                if let fetched = try await self.fetch(key, range, into: file) { return fetched }
            }
            throw self.replaced(key)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Returns nil when the object was replaced meanwhile.
    private func fetch(
        _ key: String, _ range: S3ByteRange?, into file: OpenFile
    ) async throws(ObjectStoreError) -> S3FetchedFile? {
        let (window, size) = try await self.window(range, of: key)
        let first = RangeReceiver(
            file, window.lowerBound..<min(window.upperBound, window.lowerBound + self.transfer.part),
            origin: window.lowerBound)
        guard let head = try await self.fetch(key, first) else { return nil }
        if head.status == 416 { return size == nil ? try await self.fetchedNothing(range, key, file) : nil }
        let total = head.status == 206 ? ContentRange(head)?.total : head["Content-Length"].flatMap { Int($0) }
        guard let total, first.isWhole else {
            throw ObjectStoreError(.answer, "the server tells no size of s3://\(self.name(key))")
        }
        // The end that was asked for is another one now.
        if let size, size != total { return nil }
        let whole = window.lowerBound..<min(window.upperBound, total)
        guard try await self.fetchRest(whole, of: key, head, into: file) else { return nil }
        do throws(SystemError) { try file.truncate(to: whole.count) } catch {
            throw ObjectStoreError(.file, "\(error)")
        }
        return S3FetchedFile(object: S3ObjectFacts(head, size: total), range: whole)
    }

    /// The bytes that a range means; those behind the object's end may be among them.
    /// - Returns: With them the object's size where they depend on it.
    private func window(
        _ range: S3ByteRange?, of key: String
    ) async throws(ObjectStoreError) -> (bytes: Range<Int>, size: Int?) {
        switch range {
        case nil: return (0..<Int.max, nil)
        case .from(let offset) where (0..<Self.farthest).contains(offset): return (offset..<Int.max, nil)
        case .within(let range) where (0..<Self.farthest).contains(range.lowerBound) && !range.isEmpty:
            return (range, nil)
        case .last(let count) where count > 0:
            guard let facts = try await self.facts(key) else { throw self.missing(key) }
            guard facts.size > 0 else { throw self.outside(key) }
            return (max(0, facts.size - count)..<facts.size, facts.size)
        default:
            throw ObjectStoreError(.range, "the range that is asked for of s3://\(self.name(key)) has no byte")
        }
    }

    private func outside(_ key: String) -> ObjectStoreError {
        ObjectStoreError(.range, "s3://\(self.name(key)) has no byte of the range that is asked for")
    }

    /// An empty object has no range, and the answer that says so tells nothing else of it.
    private func fetchedNothing(
        _ range: S3ByteRange?, _ key: String, _ file: OpenFile
    ) async throws(ObjectStoreError) -> S3FetchedFile? {
        guard range == nil else { throw self.outside(key) }
        guard let facts = try await self.facts(key) else { throw self.missing(key) }
        // Replaced by one that has bytes.
        guard facts.size == 0 else { return nil }
        do throws(SystemError) { try file.truncate(to: 0) } catch { throw ObjectStoreError(.file, "\(error)") }
        return S3FetchedFile(object: facts, range: 0..<0)
    }

    /// - Parameter head: Of the answer that brought the first part of `whole`, or all of it.
    private func fetchRest(
        _ whole: Range<Int>, of key: String, _ head: HTTPHead, into file: OpenFile
    ) async throws(ObjectStoreError) -> Bool {
        let part = self.transfer.part
        guard head.status == 206, whole.count > part else { return true }
        guard let tag = head["ETag"] else { throw self.untagged(key) }
        let ranges = stride(from: whole.lowerBound + part, to: whole.upperBound, by: part).map {
            $0..<min($0 + part, whole.upperBound)
        }
        return try await self.fetchRanges(ranges, of: key, tag: tag, into: file, origin: whole.lowerBound) { _ in }
    }
}
