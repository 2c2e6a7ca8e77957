import FoundationEssentials
package import MusterCourier
package import MusterMetadata
package import MusterModel
package import MusterObjects
package import MusterStore

/// A store in a bucket, with this machine's folder and database of it.
package struct Bucket: Sendable {
    package let objects: any ObjectStore
    package let courier: BucketCourier
    package let metadata: BucketMetadata
    package let mirror: RunMirror

    /// - Parameters:
    ///   - layout: This machine's folder.
    ///   - near: The database in it.
    ///   - safety: How long objects that no run names stay.
    package init(
        _ objects: any ObjectStore, layout: StoreLayout, near: any MetadataStore, safety: SafetyTime = .day
    ) {
        self.objects = objects
        self.courier = BucketCourier(objects, near: layout, safety: safety)
        self.metadata = BucketMetadata(objects, near: near, layout: layout, courier: self.courier)
        self.mirror = RunMirror(objects, near: layout)
    }

    /// Asks the engine that moves the run to end it.
    package func requestCancel(of run: RunKey, author: String) async throws {
        try await self.objects.put(Data(author.utf8), at: BucketLayout.cancel(run))
    }
}
