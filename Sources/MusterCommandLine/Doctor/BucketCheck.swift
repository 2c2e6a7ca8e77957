import Foundation
import MusterBucket
import MusterCourier
import MusterModel
import MusterObjects

/// Lists, writes, reads and removes in the store's bucket, with the credentials of this machine.
struct BucketCheck {
    let settings: Settings

    /// None for a store that is a folder.
    func findings() async -> [Finding] {
        guard let address = BucketAddress(self.settings) else { return [] }
        do {
            guard let bucket = try OpenedStore(making: self.settings, isShared: false).bucket else { return [] }
            let objects = bucket.objects
            _ = try await objects.list(ListRequest(prefix: BucketLayout.index, limit: 1))
            let key = "probes/\(UUID().uuidString)"
            let text = Data("muster doctor".utf8)
            _ = try await objects.put(text, at: key, mode: .creating)
            let isSame = try await objects.get(key) == text
            // Only one writer may make an object: two engines are kept apart by it.
            let isRefused = try await objects.put(text, at: key, mode: .creating) == .exists
            try await objects.remove(key)
            guard isSame, isRefused else {
                return [
                    .missing(
                        "store", "\(address) does not keep what is put there",
                        "use a server that knows If-None-Match")
                ]
            }
            return [.ok("store", "\(address) can be listed, written, read and removed from")]
        } catch {
            return [
                .missing("store", CommandFailure(error).message, "see Documentation/Bucket.md for the rights it needs")
            ]
        }
    }
}
