import Crypto
import FoundationEssentials
import Glibc
import MusterHTTP
package import MusterObjects
import MusterSystem

extension S3ObjectStore {
    /// Replacements of an object during its download, after each of which it begins anew.
    static let replacements = 5

    package func download(_ key: String, to path: String) async throws(ObjectStoreError) -> FileDigest {
        try ObjectKey.check(key)
        let file = try Self.make(path)
        do throws(ObjectStoreError) {
            for _ in 0..<Self.replacements {
                if let digest = try await self.download(key, into: file) { return digest }
            }
            throw self.replaced(key)
        } catch {
            unlink(path)
            throw error
        }
    }

    static func make(_ path: String) throws(ObjectStoreError) -> OpenFile {
        do throws(SystemError) { return try OpenFile(path, O_RDWR | O_CREAT | O_TRUNC) } catch {
            throw ObjectStoreError(.ofFile(error), "\(error)")
        }
    }

    func replaced(_ key: String) -> ObjectStoreError {
        ObjectStoreError(.busy, "s3://\(self.name(key)) was replaced \(Self.replacements) times while it was fetched")
    }

    func untagged(_ key: String) -> ObjectStoreError {
        ObjectStoreError(.answer, "the server tells no tag of s3://\(self.name(key))")
    }

    /// Returns nil when the object was replaced meanwhile.
    private func download(_ key: String, into file: OpenFile) async throws(ObjectStoreError) -> FileDigest? {
        let part = self.transfer.part
        let first = RangeReceiver(file, 0..<part)
        guard let head = try await self.fetch(key, first) else { return nil }
        if head.status == 416 { return try Self.finish(file, size: 0, hash: SHA256(), hashed: 0) }
        let total = ContentRange(head)?.total ?? head["Content-Length"].flatMap { Int($0) }
        guard let total, first.isWhole else {
            throw ObjectStoreError(.answer, "the server tells no size of s3://\(self.name(key))")
        }
        let ranges = stride(from: min(part, total), to: head.status == 206 ? total : 0, by: part)
            .map { $0..<min($0 + part, total) }
        guard !ranges.isEmpty else { return try Self.finish(file, size: total, hash: SHA256(), hashed: 0) }
        guard let tag = head["ETag"] else { throw self.untagged(key) }
        // Hashed from the beginning on, as far as it is whole, while the rest arrives.
        var hash = SHA256()
        var hashed = 0
        var arrived: [Int: Int] = [0: ranges[0].lowerBound]
        let isSame = try await self.fetchRanges(ranges, of: key, tag: tag, into: file) {
            (range) throws(ObjectStoreError) in
            arrived[range.lowerBound] = range.upperBound
            while let end = arrived.removeValue(forKey: hashed) {
                hashed = try Self.add(hashed..<end, of: file, to: &hash)
            }
        }
        return isSame ? try Self.finish(file, size: total, hash: hash, hashed: hashed) : nil
    }

    /// Brings ranges at the same time.
    /// - Parameters:
    ///   - origin: The byte of the object that is the file's first.
    ///   - arrived: Called with each range when it is in the file.
    /// - Returns: False when the object is not the one any more that `tag` names.
    func fetchRanges(
        _ ranges: [Range<Int>], of key: String, tag: String, into file: OpenFile, origin: Int = 0,
        arrived: (Range<Int>) throws(ObjectStoreError) -> Void
    ) async throws(ObjectStoreError) -> Bool {
        let limit = self.transfer.downloads
        let result = await withTaskGroup(of: Result<Range<Int>?, ObjectStoreError>.self) { group in
            await Self.collect { () async throws(ObjectStoreError) -> Bool in
                var waiting = ranges[...]
                let start = { (group: inout TaskGroup<Result<Range<Int>?, ObjectStoreError>>) in
                    guard let range = waiting.popFirst() else { return }
                    group.addTask {
                        await Self.collect { () async throws(ObjectStoreError) in
                            let receiver = RangeReceiver(file, range, tag: tag, origin: origin)
                            guard try await self.fetch(key, receiver) != nil else { return nil }
                            guard receiver.isWhole else {
                                throw ObjectStoreError(
                                    .answer, "the server sent less of s3://\(self.name(key)) than asked for")
                            }
                            return range
                        }
                    }
                }
                for _ in 0..<limit { start(&group) }
                while let next = await group.next() {
                    guard let range = try next.get() else {
                        group.cancelAll()
                        return false
                    }
                    start(&group)
                    try arrived(range)
                }
                return true
            } onFailure: {
                group.cancelAll()
            }
        }
        return try result.get()
    }

    /// Returns nil when the object is not the one any more that the range is of.
    func fetch(_ key: String, _ receiver: RangeReceiver) async throws(ObjectStoreError) -> HTTPHead? {
        let response = try await self.gate.pass { () async throws(ObjectStoreError) in
            try await self.client.send {
                S3Request(
                    method: "GET", key: key, headers: receiver.headers(), accepted: [412, 416], receiver: receiver)
            }
        }
        return response.head.status == 412 ? nil : response.head
    }

    private static func add(
        _ range: Range<Int>, of file: OpenFile, to hash: inout SHA256
    ) throws(ObjectStoreError) -> Int {
        do throws(SystemError) {
            guard try FileHash.add(range, of: file, to: &hash) == range.count else {
                throw SystemError(EIO, "read what was written to \(file.path)")
            }
            return range.upperBound
        } catch {
            throw ObjectStoreError(.ofFile(error), "\(error)")
        }
    }

    private static func finish(
        _ file: OpenFile, size: Int, hash: SHA256, hashed: Int
    ) throws(ObjectStoreError) -> FileDigest {
        var hash = hash
        _ = try self.add(hashed..<size, of: file, to: &hash)
        do throws(SystemError) { try file.truncate(to: size) } catch { throw ObjectStoreError(.file, "\(error)") }
        return FileDigest(size: size, sha256: Hexadecimal.text(hash.finalize()))
    }
}
