import FoundationEssentials
import MusterCourier
package import MusterModel
package import MusterObjects
package import MusterStore
import MusterSystem
package import MusterWire
import Synchronization

/// The objects of a run's attempts at places whose nodes see nothing but the bucket: takes the engine's there, and brings
/// those of the nodes into this machine's folder, where everything reads them as if the nodes saw it.
///
/// One listing shows the objects of all attempts, so a look is one request however many gangs there are, and one more for
/// each object that has changed.
package final class AttemptMirror: AttemptCourier {
    private struct Seen {
        /// The stamps of objects that were brought, by their keys.
        var stamps: [String: String] = [:]
        /// Reports that the last listing held.
        var reports: Set<String> = []
    }

    private let run: RunKey
    private let layout: StoreLayout
    private let objects: any ObjectStore
    private let address: @Sendable (_ key: String) -> String
    private let sentBytes: @Sendable (_ log: String) -> Int
    private let seen = Mutex(Seen())
    /// Keeps a fetch from bringing objects of an attempt that is being cleared: they would be left behind.
    private let rounds = Rounds()

    /// Pieces of one file from which on those that are not needed are removed: a listing has 1,000 objects a request.
    private static let manyPieces = 50

    /// - Parameters:
    ///   - address: Names the object with a key for a node.
    ///   - sentBytes: The bytes of a log that the bucket has among the run's files.
    package init(
        _ run: RunKey, near layout: StoreLayout, _ objects: any ObjectStore,
        address: @escaping @Sendable (_ key: String) -> String, sentBytes: @escaping @Sendable (_ log: String) -> Int
    ) {
        self.run = run
        self.layout = layout
        self.objects = objects
        self.address = address
        self.sentBytes = sentBytes
    }

    package func orderAddress(of attempt: AttemptID) -> String {
        self.address(BucketLayout.attempt(attempt) + AttemptObject.order.name)
    }

    package func send(_ objects: [AttemptObject], of attempt: AttemptID) async throws {
        let folder = AttemptFolder(prefix: self.layout.attemptPrefix(attempt))
        for object in objects {
            guard let data = try folder.read(object) else { continue }
            try await self.objects.put(data, at: BucketLayout.attempt(attempt) + object.name)
        }
    }

    package func remove(_ objects: [AttemptObject], of attempt: AttemptID) async throws {
        try await self.objects.remove(objects.map { BucketLayout.attempt(attempt) + $0.name })
    }

    package func clear(_ attempt: AttemptID) async throws {
        try await self.rounds.next { try await self.clear(prefix: BucketLayout.attempt(attempt)) }
    }

    package func clear(but alive: Set<AttemptID>) async throws {
        let kept = alive.map(BucketLayout.attempt)
        let others = try await self.objects.objects(prefix: BucketLayout.attempts(self.run)).map(\.key)
            .filter { key in !kept.contains { key.utf8.starts(with: $0.utf8) } }
        try await self.objects.remove(others)
    }

    private func clear(prefix: String) async throws {
        try await self.fetch(prefix: prefix)
        try await self.objects.remove(try await self.objects.objects(prefix: prefix).map(\.key))
        self.seen.withLock { seen in
            seen.stamps = seen.stamps.filter { !$0.key.utf8.starts(with: prefix.utf8) }
            seen.reports = seen.reports.filter { !$0.utf8.starts(with: prefix.utf8) }
        }
    }

    // MARK: - What nodes have written

    package func fetch() async throws {
        try await self.rounds.next { try await self.fetch(prefix: BucketLayout.attempts(self.run)) }
    }

    private func fetch(prefix: String) async throws {
        let found = try await self.objects.objects(prefix: prefix)
        let news = self.news(in: found)
        try await self.bring(news.filter { !$0.isReport })
        // Reports come last: readers expect everything that a node told before.
        try await self.bring(news.filter(\.isReport))
    }

    /// A file of which the bucket has something that this machine has not.
    private struct News: Sendable {
        var path: String
        var objects: [ObjectInfo]
        var grows: Bool
        var isReport: Bool
    }

    private func news(in found: [ObjectInfo]) -> [News] {
        let root = BucketLayout.attempts(self.run)
        let folder = self.layout.runFolder(flow: self.run.flow, run: self.run.run)
        var files: [String: News] = [:]
        let (stamps, reports) = self.seen.withLock { ($0.stamps, $0.reports) }
        for object in found {
            let parts = object.key.dropFirst(root.count).split(separator: "/", omittingEmptySubsequences: false)
            guard (2...3).contains(parts.count), Self.isName(parts[0]), Self.isName(parts[1]) else { continue }
            let path = "\(folder)/\(parts[0])/\(parts[1])"
            let isReport = path.hasSuffix(".\(AttemptObject.report.name)")
            files[path, default: News(path: path, objects: [], grows: parts.count == 3, isReport: isReport)]
                .objects.append(object)
        }
        let isOnePage = found.count < ListRequest().limit
        self.seen.withLock { $0.reports = Set(files.values.filter(\.isReport).map { $0.objects[0].key }) }
        return files.values.filter { file in
            // A report on a later page of a listing than what was written before it is taken at the next look.
            if file.isReport, !isOnePage, !reports.contains(file.objects[0].key) { return false }
            return file.objects.contains { stamps[$0.key] != $0.stamp } && !self.isOwn(file.path)
        }
    }

    /// A folder's or a file's name that leads nowhere else.
    private static func isName(_ part: Substring) -> Bool { !part.isEmpty && part != "." && part != ".." }

    /// The engine's own objects, of which this machine has the newest.
    private func isOwn(_ path: String) -> Bool {
        [AttemptObject.order, .key, .stop].contains { path.hasSuffix(".\($0.name)") } && FileStatus(path) != nil
    }

    private func bring(_ files: [News]) async throws {
        let downloads = FileDownloads(objects: self.objects)
        try await Parallel.each(files) { file in
            if file.grows {
                guard try await self.bringPieces(file, downloads) else { return }
            } else {
                try await downloads.fetchWhole(
                    file.objects[0].key, to: file.path, isSecret: file.path.hasSuffix(".\(AttemptObject.key.name)"))
            }
            self.seen.withLock { seen in for object in file.objects { seen.stamps[object.key] = object.stamp } }
        }
    }

    private func bringPieces(_ file: News, _ downloads: FileDownloads) async throws -> Bool {
        if try await !downloads.fetchPieces(file.objects, to: file.path) {
            // Another engine has removed the first ones, which are among the run's files.
            let folder = self.layout.runFolder(flow: self.run.flow, run: self.run.run)
            let key = BucketLayout.files(self.run) + file.path.dropFirst(folder.count + 1)
            try await downloads.fetchPieces(try await self.objects.objects(prefix: "\(key)/"), to: file.path)
            guard try await downloads.fetchPieces(file.objects, to: file.path) else { return false }
        }
        try await self.trim(file)
        return true
    }

    /// Removes pieces of a long log that are among the run's files.
    private func trim(_ file: News) async throws {
        guard file.objects.count >= Self.manyPieces else { return }
        let sent = self.sentBytes(file.path)
        let over = file.objects.filter { (BucketLayout.number(of: $0.key) ?? sent) + $0.size <= sent }
        try await self.objects.remove(over.map(\.key))
    }
}
