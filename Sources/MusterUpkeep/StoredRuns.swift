import Glibc
import MusterBucket
import MusterCourier
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore
import MusterSystem

/// All runs of a store, those among them that its list does not show, and what runs have left that are gone.
struct StoredRuns: Sendable {
    /// Newest first, as `muster list` shows them.
    var listed: [ListedRun]
    /// Of a bucket: runs that have a record and no entry in the index.
    var unlisted: [ListedRun] = []
    /// Flows and ids under which there are files and no record.
    var remains: [RunKey] = []

    var all: [ListedRun] { self.listed + self.unlisted }

    init(_ store: KeptStore) async throws {
        // Records are made before they are listed, and removed after.
        let listed = try await store.metadata.listed(flow: nil, limit: nil)
        self.listed = listed
        let known = Set(listed.map(\.key))
        let others = try await Self.folders(of: store).filter { !known.contains($0) }
        let records = try await Parallel.map(others) { try await Self.find($0, in: store) }
        self.unlisted = records.compactMap { $0 }
        self.remains = zip(others, records).filter { $0.1 == nil }.map(\.0)
    }

    private static func find(_ run: RunKey, in store: KeptStore) async throws -> ListedRun? {
        do {
            return try await store.find(run).map { ListedRun($0) }
        } catch let error as MetadataError where error.code == .corrupt {
            var damaged = ListedRun(key: run, created: 0)
            damaged.problem = error
            return damaged
        }
    }

    /// The runs under whose names there is something.
    private static func folders(of store: KeptStore) async throws -> [RunKey] {
        guard let objects = store.bucket?.objects else { return Self.folders(in: store.layout.runs) }
        let flows = try await objects.folders(prefix: BucketLayout.runs)
        return try await Parallel.map(flows) { flow in
            try await objects.folders(prefix: "\(BucketLayout.runs)\(flow)/").map { RunKey(flow: flow, run: $0) }
        }.flatMap { $0 }
    }

    private static func folders(in root: String) -> [RunKey] {
        (Folder.names(in: root) ?? []).flatMap { flow in
            (Folder.names(in: "\(root)/\(flow)") ?? []).map { RunKey(flow: flow, run: $0) }
        }
    }
}

extension ObjectStore {
    /// The names of the folders right below `prefix`, without slashes.
    fileprivate func folders(prefix: String) async throws -> [String] {
        var request = ListRequest(prefix: prefix, isShallow: true)
        var names: [String] = []
        repeat {
            let page = try await self.list(request)
            names += page.folders.map { String($0.dropFirst(prefix.count).dropLast()) }
            request.after = page.next
        } while request.after != nil
        return names
    }
}
