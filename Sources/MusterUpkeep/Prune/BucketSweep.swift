import FoundationEssentials
import MusterCourier
import MusterObjects
import MusterStore

/// Removes artifacts and code packages of a bucket that no run names, a page of the listing at a time.
struct BucketSweep: Sendable {
    /// Objects for which one sign is given: their ages are known within seconds.
    private static let batch = 250

    private let objects: any ObjectStore
    private let once: any ObjectStore
    private let sweep: Sweep

    /// - Parameter once: The same store through a client that repeats no request.
    init(_ objects: any ObjectStore, once: any ObjectStore, _ sweep: Sweep) {
        self.objects = objects
        self.once = once
        self.sweep = sweep
    }

    func perform(_ report: inout PruneReport) async throws {
        try await self.perform(BucketLayout.artifacts, keeping: self.sweep.artifacts, \.artifacts, &report)
        try await self.perform(BucketLayout.packages, keeping: self.sweep.packages, \.packages, &report)
    }

    private func perform(
        _ prefix: String, keeping named: Set<String>, _ count: WritableKeyPath<PruneReport, PruneReport.Count>,
        _ report: inout PruneReport
    ) async throws {
        var request = ListRequest(prefix: prefix)
        repeat {
            let page = try await self.objects.list(request)
            let unnamed = page.objects.filter { object in
                let digest = object.key.split(separator: "/").last.map(String.init) ?? ""
                return StoreLayout.isDigest(digest) && !named.contains(digest)
            }
            for start in stride(from: 0, to: unnamed.count, by: Self.batch) {
                let part = Array(unnamed[start..<min(start + Self.batch, unnamed.count)])
                for (object, isGone) in zip(part, try await self.remove(part)) {
                    if isGone { report[keyPath: count].add(object.size) } else { report.young.add(object.size) }
                }
            }
            request.after = page.next
        } while request.after != nil
    }

    /// - Returns: For each whether it is gone, or would be.
    private func remove(_ objects: [ObjectInfo]) async throws -> [Bool] {
        if self.sweep.isDry { return try await self.areOld(objects) }
        // Before a sign is given, which others wait for.
        guard try await self.areOld(objects).contains(true) else { return objects.map { _ in false } }
        let sign = try await SweepSign.take(self.objects)
        let areOld = try await self.areOld(objects)
        guard sign.isFresh else {
            try await sign.end()
            return try await self.remove(objects)
        }
        let isSure = try await self.removeOnce(zip(objects, areOld).filter(\.1).map { $0.0.key })
        // Whether the server has carried it out is known once it cannot begin to any more.
        if !isSure { try await sign.outlast() }
        try await sign.end()
        return isSure ? areOld : try await Parallel.map(objects) { try await self.objects.head($0.key) == nil }
    }

    /// - Returns: False when the server has failed or fallen silent, and may still remove them.
    private func removeOnce(_ keys: [String]) async throws(ObjectStoreError) -> Bool {
        do throws(ObjectStoreError) {
            try await self.once.remove(keys)
            return true
        } catch {
            guard error.code == .busy else { throw error }
            return false
        }
    }

    private func areOld(_ objects: [ObjectInfo]) async throws -> [Bool] {
        try await Parallel.map(objects) { object in
            guard let age = try await self.objects.age(object.key) else { return false }
            return Date().timeIntervalSince1970 - age < self.sweep.horizon
        }
    }
}
