import MusterBucket
import MusterCourier
import MusterObjects
import MusterStore

/// Carries code packages from one store to another. Their digests are checked on the way.
struct PackageCarrier: Sendable {
    let from: KeptStore
    let to: KeptStore

    func carry(_ digest: String) async throws {
        let code = try await self.from.package(digest)
        if let bucket = self.to.bucket {
            try await BucketCourier(bucket.objects, near: self.to.layout).store(package: code)
        } else {
            try code.keep(in: self.to.layout)
        }
    }
}

extension KeptStore {
    /// The code package with this digest, which was checked.
    func package(_ digest: String) async throws -> PackedCode {
        guard let bucket = self.bucket else { return try PackedCode(kept: digest, in: self.layout) }
        guard StoreLayout.isDigest(digest) else {
            throw StoreError(.corrupt, "'\(digest)' is no digest of a code package")
        }
        guard let archive = try await bucket.objects.find(BucketLayout.package(digest)) else {
            throw StoreError(
                .missing,
                "the code package \(digest) is not in \(self.name): there is no \(BucketLayout.package(digest))")
        }
        return try PackedCode(archive: archive, digest: digest)
    }
}
