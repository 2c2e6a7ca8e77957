import FoundationEssentials
import MusterBucket
import MusterCourier
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore
import MusterSystem

/// The files of a run that has no record any more, or not yet.
struct RunRemains: Sendable {
    private let run: RunKey
    private let layout: StoreLayout

    init(_ run: RunKey, in layout: StoreLayout) {
        self.run = run
        self.layout = layout
    }

    private var folder: String { self.layout.runFolder(flow: self.run.flow, run: self.run.run) }

    /// True when nothing of it was written after `horizon` and no engine holds its lock: nobody is copying it here.
    func isOld(in store: KeptStore, before horizon: Double) async throws -> Bool {
        guard try await store.engine(of: self.run) == nil else { return false }
        guard let objects = store.bucket?.objects else {
            let times =
                try FolderTree.files(in: self.folder).map { FileStatus("\(self.folder)/\($0.path)") }
                + [FileStatus(self.folder)]
            return times.allSatisfy { $0.map(LastUse.time) ?? 0 < horizon }
        }
        let keys = try await objects.list(ListRequest(prefix: BucketLayout.run(self.run))).objects.map(\.key)
        let limit = Date().timeIntervalSince1970 - horizon
        return try await Parallel.map(keys) { try await objects.age($0) ?? 0 }.allSatisfy { $0 > limit }
    }

    /// Removes them in the folder.
    /// - Returns: A sentence for each that cannot be removed.
    func remove() throws -> [String] {
        let problems = try RunCheckpoints(self.run, in: self.layout).remove()
        return problems + [FolderRemoval.remove(self.folder)].compactMap { $0 }
    }
}
