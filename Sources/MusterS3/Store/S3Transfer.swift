import MusterObjects

/// The pieces that large objects travel in.
package struct S3Transfer: Sendable, Hashable {
    /// The most parts that an object may have.
    private static let partLimit = 10_000

    /// Bytes of a part. S3 takes 5 MiB to 5 GiB; one object has at most 10,000.
    package var part: Int
    /// Ranges that arrive at the same time.
    package var downloads: Int
    /// Parts that are sent at the same time. Each is held in memory.
    package var uploads: Int

    package init(part: Int = 16 << 20, downloads: Int = 8, uploads: Int = 4) {
        self.part = max(5 << 20, part)
        self.downloads = max(1, downloads)
        self.uploads = max(1, uploads)
    }

    /// Bytes up to which a file that must not replace another goes in one piece, held in memory: some servers, radosgw of
    /// Ceph 16 among them, know the condition for a put and ignore it at the end of an upload in parts.
    static let wholeCreation = 64 << 20

    /// True for an object of `size` that goes in several parts.
    func needsParts(_ size: Int, _ mode: PutMode) -> Bool {
        size > self.part(of: size) && (mode == .replacing || size > Self.wholeCreation)
    }

    /// Bytes of each part but the last of an object of `size`.
    func part(of size: Int) -> Int {
        let least = (size + Self.partLimit - 1) / Self.partLimit
        // Whole mebibytes.
        return max(self.part, (least + 0xF_FFFF) & ~0xF_FFFF)
    }

    /// The parts of an object of `size`, in order; one that is empty for an empty object.
    func parts(of size: Int) -> [Range<Int>] {
        let part = self.part(of: size)
        guard size > part else { return [0..<size] }
        return stride(from: 0, to: size, by: part).map { $0..<min($0 + part, size) }
    }
}
