import FoundationEssentials
import MusterBucket
import MusterCourier
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore
import Synchronization

/// Removes runs that ended long ago, and then the artifacts and code packages that no other run names.
///
/// Runs may go on, begin and be resumed meanwhile, and another prune may work beside it. `Documentation/Store.md` has the
/// argument.
package struct StorePrune: Sendable {
    /// Runs whose records are read at the same time.
    static let width = 8
    /// Runs that are removed at once.
    private static let batch = 100

    private let store: KeptStore
    private let rule: PruneRule
    private let isDry: Bool

    /// - Parameter isDry: Nothing is removed; the report says what would be.
    package init(_ store: KeptStore, _ rule: PruneRule, isDry: Bool = false) {
        self.store = store
        self.rule = rule
        self.isDry = isDry
    }

    package func perform() async throws -> PruneReport {
        let began = Date().timeIntervalSince1970
        var report = PruneReport()
        let before = try await StoredRuns(self.store)
        let due = try await self.due(before.all, now: began)
        if self.isDry {
            report.runs = due
        } else {
            try await self.remove(due, &report)
        }
        try await self.removeRemains(before.remains, now: began, &report)
        // Listed anew: what runs name that began meanwhile stays as well.
        let after = self.isDry ? before : try await StoredRuns(self.store)
        let gone = Set(report.runs)
        let staying = after.all.filter { !gone.contains($0.key) }
        guard let named = try await self.named(by: staying, &report) else { return report }
        let open = before.all.filter { !gone.contains($0.key) }
        let sweep = Sweep(
            horizon: self.rule.horizon(open, now: began), artifacts: named.artifacts, packages: named.packages,
            isDry: self.isDry)
        if let bucket = self.store.bucket {
            try await BucketSweep(bucket.objects, once: self.store.once ?? bucket.objects, sweep).perform(&report)
        } else {
            FolderSweep(self.store.layout, sweep).perform(&report)
        }
        return report
    }

    // MARK: - Runs

    /// Newest first, so that a run goes before its origin.
    private func due(_ runs: [ListedRun], now: Double) async throws -> [RunKey] {
        let isOld = try await Parallel.map(runs, width: Self.width) { try await self.isDue($0, now: now) }
        var due = zip(runs, isOld).filter(\.1).map(\.0).sorted { $0.created > $1.created }
        // Taking one away may keep its origin, and so on.
        while true {
            let awaited = PruneRule.awaited(runs, besides: Set(due.map(\.key)))
            let free = due.filter { !awaited.contains($0.key) }
            if free.count == due.count { return due.map(\.key) }
            due = free
        }
    }

    private func isDue(_ run: ListedRun, now: Double) async throws -> Bool {
        guard run.problem == nil, self.rule.isDue(run.key, end: run.finished ?? run.created, now: now) else {
            return false
        }
        if run.verdict == nil {
            if try await self.store.engine(of: run.key) != nil { return false }
            let events = try await self.store.unlessGone { try await self.store.metadata.events(of: run.key) }
            guard let events, self.rule.isDue(run.key, end: events.last?.time ?? run.created, now: now) else {
                return false
            }
        }
        guard !self.rule.keptTags.isEmpty else { return true }
        let tags = try await self.store.unlessGone { try await self.store.metadata.tags(of: run.key) }
        return tags.map { !self.rule.isKept(tags: $0) } ?? false
    }

    private func remove(_ due: [RunKey], _ report: inout PruneReport) async throws {
        for start in stride(from: 0, to: due.count, by: Self.batch) {
            let part = Array(due[start..<min(start + Self.batch, due.count)])
            let taken = try await part.asyncCompactMap { run in try await TakenRun(run, in: self.store) }
            let gone = try await self.store.metadata.remove(taken.map(\.run))
            for run in gone {
                report.runs.append(run)
                report.problems += try RunRemains(run, in: self.store.layout).remove()
            }
            for run in taken where !gone.contains(run.run) { await run.release() }
        }
    }

    private func removeRemains(_ runs: [RunKey], now: Double, _ report: inout PruneReport) async throws {
        for run in runs {
            guard
                try await RunRemains(run, in: self.store.layout).isOld(
                    in: self.store, before: now - self.rule.safety.seconds)
            else { continue }
            report.remains.append(run)
            guard !self.isDry else { continue }
            try await self.store.bucket?.metadata.removeObjects(of: run)
            report.problems += try RunRemains(run, in: self.store.layout).remove()
        }
    }

    // MARK: - What stays

    private struct Named: Sendable {
        var artifacts: Set<String> = []
        var packages: Set<String> = []
    }

    /// What the runs name; nil when that cannot be told of one of them.
    private func named(by runs: [ListedRun], _ report: inout PruneReport) async throws -> Named? {
        let named = Mutex(Named())
        let problems = try await Parallel.map(runs, width: Self.width) { run -> String? in
            do {
                guard let contents = try await self.contents(of: run) else { return nil }
                named.withLock { named in
                    named.packages.insert(contents.package)
                    named.artifacts.formUnion(contents.artifacts)
                }
                return nil
            } catch let error as CancellationError {
                throw error
            } catch {
                return "what the run \(run.key) names cannot be told, so no artifact was removed: \(error)"
            }
        }.compactMap { $0 }
        report.problems += problems
        return problems.isEmpty ? named.withLock { $0 } : nil
    }

    /// nil for a run that another prune has removed.
    private func contents(of run: ListedRun) async throws -> (package: String, artifacts: [String])? {
        if let problem = run.problem { throw problem }
        guard let record = try await self.store.find(run.key) else { return nil }
        let events = try await self.store.unlessGone { try await self.store.metadata.events(of: run.key) }
        guard let events else { return nil }
        let contents = RunContents(record, events)
        let elements = try await self.store.elements(of: contents.lists.map(\.reference))
        return (record.package, (contents.references + elements).map(\.digest))
    }
}

extension Array where Element: Sendable {
    /// One after the other.
    fileprivate func asyncCompactMap<Value>(_ body: (Element) async throws -> Value?) async throws -> [Value] {
        var values: [Value] = []
        for element in self { if let value = try await body(element) { values.append(value) } }
        return values
    }
}
