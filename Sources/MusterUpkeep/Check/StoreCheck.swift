import FoundationEssentials
import Glibc
import MusterBucket
import MusterCourier
import MusterMetadata
package import MusterModel
import MusterObjects
import MusterStore
import MusterSystem
import Synchronization

/// Reads everything that runs name and everything that they have left, and reports what is missing or damaged.
///
/// Many objects are read at the same time, and no artifact is held in memory. A run that goes on is checked as far as its
/// events say; its files are looked at when it is over.
package struct StoreCheck: Sendable {
    /// Runs at the same time.
    private static let width = 8

    let store: KeptStore
    let repairs: Bool
    private let report = Reporter()

    /// Counts, and passes faults on, from any task.
    final class Reporter: Sendable {
        private let state = Mutex((report: CheckReport(), tell: nil as (@Sendable (Fault) -> Void)?))

        var counts: CheckReport { self.state.withLock { $0.report } }
        func begin(_ tell: @escaping @Sendable (Fault) -> Void) { self.state.withLock { $0 = (CheckReport(), tell) } }
        func count(_ change: (inout CheckReport) -> Void) { self.state.withLock { change(&$0.report) } }

        func fault(_ fault: Fault) {
            let tell = self.state.withLock { state in
                state.report.faults += 1
                state.report.repaired += fault.isRepaired ? 1 : 0
                return state.tell
            }
            tell?(fault)
        }
    }

    /// - Parameter repairs: What can be made again is removed, and what follows from something else is written anew.
    package init(_ store: KeptStore, repairs: Bool = false) {
        self.store = store
        self.repairs = repairs
    }

    /// - Parameters:
    ///   - runs: The runs to check; empty for all, with what belongs to no run.
    ///   - tell: Called with each fault as it is found, from any task.
    package func perform(_ runs: [RunKey] = [], tell: @escaping @Sendable (Fault) -> Void) async throws -> CheckReport {
        self.report.begin(tell)
        let whole = runs.isEmpty ? try await StoredRuns(self.store) : nil
        // Makers of artifacts come before those who take them over.
        let keys = whole?.all.sorted { $0.created < $1.created }.map(\.key) ?? runs
        let contents = try await Parallel.map(keys, width: Self.width) { try await self.check($0) }.compactMap { $0 }
        if let whole { try await self.checkWhole(whole) }
        try await self.checkArtifacts(contents)
        try await self.checkPackages(contents)
        return self.report.counts
    }

    func fault(_ text: String, _ remedy: String, isRepaired: Bool = false) {
        self.report.fault(Fault(text, remedy, isRepaired: isRepaired))
    }

    // MARK: - The store as a whole

    private func checkWhole(_ runs: StoredRuns) async throws {
        for run in runs.remains where try await self.store.engine(of: run) == nil {
            self.fault(
                "\(run) has files in \(self.store.name) and no record",
                "a copy has not come to its end, which copying again mends, or `muster store prune` was cut off and removes them later"
            )
        }
        if let bucket = self.store.bucket { try await IndexCheck(bucket, self).perform(runs.all) }
        self.checkIncoming()
    }

    /// Files on their way into the store whose programs have ended.
    private func checkIncoming() {
        let incoming = self.store.layout.incoming
        let stale = StaleFiles.names(in: incoming)
        guard !stale.isEmpty else { return }
        let text = "\(stale.count) files and folders in \(incoming) were left by programs that were killed"
        guard self.repairs else { return self.fault(text, "the next run removes them, or --repair") }
        let problems = StaleFiles.remove(in: incoming)
        self.fault(text, problems.first ?? "removed", isRepaired: problems.isEmpty)
    }

    // MARK: - Runs

    /// What the run names; nil when that cannot be told.
    private func check(_ run: RunKey) async throws -> RunContents? {
        self.report.count { $0.runs += 1 }
        let isMoved = try await self.store.engine(of: run) != nil
        var isTold = false
        do {
            if let bucket = self.store.bucket, !isMoved { isTold = try await EventCheck(bucket, self, run).perform() }
            guard let record = try await self.store.find(run) else { return nil }
            _ = try await self.store.metadata.tags(of: run)
            let contents = RunContents(record, try await self.store.metadata.events(of: run))
            if let misfit = contents.misfit {
                self.fault(
                    "the events of \(run) do not fit its flow: \(misfit)",
                    "the store was damaged or written by another version; restore it from a copy")
            }
            if !isMoved { try await RunFileCheck(self, run).perform() }
            return contents
        } catch let error as MetadataError where error.code == .corrupt {
            // What cannot be read because of a fault that was told is no other one.
            if !isTold { self.fault(error.message, "restore it from a copy; the run cannot be used otherwise") }
            return nil
        }
    }

    // MARK: - Artifacts and packages

    private func checkArtifacts(_ contents: [RunContents]) async throws {
        var seen: Set<String> = []
        let named = contents.flatMap(\.named).filter { seen.insert($0.reference.digest).inserted }
        let check = ArtifactCheck(self)
        let areRight = try await check.perform(named)
        let right = Set(zip(named, areRight).filter(\.1).map(\.0.reference.digest))
        // Elements are known only by lists that can be read.
        var listed: Set<String> = []
        let lists = contents.flatMap(\.lists).filter {
            right.contains($0.reference.digest) && listed.insert($0.reference.digest).inserted
        }
        let elements = try await Parallel.map(lists, width: Self.width) { list in
            try await self.store.elements(of: [list.reference]).map {
                RunContents.Named(reference: $0, maker: list.maker)
            }
        }.flatMap { $0 }.filter { seen.insert($0.reference.digest).inserted }
        _ = try await check.perform(elements)
        self.report.count {
            $0.artifacts += named.count + elements.count
            $0.bytes += (named + elements).reduce(0) { $0 + $1.reference.size }
        }
    }

    private func checkPackages(_ contents: [RunContents]) async throws {
        let users = Dictionary(grouping: contents, by: \.record.package)
        try await Parallel.each(Array(users), width: 4) { digest, users in
            guard let run = users.map(\.record.key).min(by: { $0.run < $1.run }) else { return }
            do {
                _ = try await self.store.package(digest)
            } catch let error as StoreError where error.code == .missing || error.code == .corrupt {
                try await self.reportPackage(digest, run, error)
            }
        }
        self.report.count { $0.packages += users.count }
    }

    private func reportPackage(_ digest: String, _ run: RunKey, _ error: StoreError) async throws {
        let text = "\(error.message) (of \(run))"
        guard error.code == .corrupt, self.repairs, StoreLayout.isDigest(digest) else {
            return self.fault(
                text,
                error.code == .corrupt
                    ? "--repair removes it: the source as the run began is lost, and the next run of that source keeps it again"
                    : "the source as the run began is lost; the next run of that source keeps it again")
        }
        if let bucket = self.store.bucket {
            try await bucket.objects.remove(BucketLayout.package(digest))
        } else if let problem = FolderRemoval.remove(self.store.layout.packageFolder(digest)) {
            return self.fault(text, problem)
        }
        self.fault(
            text, "removed: the source as the run began is lost, and the next run of that source keeps it again",
            isRepaired: true)
    }
}
