import MusterCourier
package import MusterModel
package import MusterObjects
package import MusterStore
import MusterSystem

/// Brings files of runs from a bucket into this machine's folder of it, where all that shows them looks.
package struct RunMirror: Sendable {
    private let objects: any ObjectStore
    private let layout: StoreLayout

    package init(_ objects: any ObjectStore, near layout: StoreLayout) {
        self.objects = objects
        self.layout = layout
    }

    /// Brings the files of a step's tasks that are new.
    /// - Parameters:
    ///   - task: The only task; nil for all.
    ///   - isWanted: Chooses among their files.
    package func fetch(
        step: String, task: Int? = nil, of run: RunKey, where isWanted: @escaping @Sendable (AttemptFile) -> Bool
    ) async throws {
        guard !self.isMovedHere(run) else { return }
        let folder = "\(step)/"
        try await self.fetch(run, prefix: folder + (task.map { "\($0)." } ?? "")) { path in
            AttemptFile(name: String(path.dropFirst(folder.count))).map(isWanted) ?? false
        }
    }

    /// Brings what is new of a file of the run's own, such as the output of its engine.
    package func fetch(file name: String, of run: RunKey) async throws {
        guard !self.isMovedHere(run) else { return }
        try await self.fetch(run, prefix: name) { $0 == name }
    }

    /// Brings everything that is new of the run's files.
    package func fetchAll(of run: RunKey) async throws {
        guard !self.isMovedHere(run) else { return }
        // All but the pieces of logs, which are files below the log's own name.
        try await self.fetch(run, prefix: "") { !$0.contains(".log/") }
    }

    /// The engine writes the files itself.
    private func isMovedHere(_ run: RunKey) -> Bool {
        RunLock.isHeldHere(path: self.layout.runLock(flow: run.flow, run: run.run))
    }

    private func fetch(_ run: RunKey, prefix: String, where isWanted: (String) -> Bool) async throws {
        try await self.fetch(run, BucketLayout.files(run), prefix, where: isWanted)
        // Nodes write for an engine there, which may not have taken it yet.
        try await self.fetch(run, BucketLayout.attempts(run), prefix, where: isWanted)
    }

    private func fetch(
        _ run: RunKey, _ root: String, _ prefix: String, where isWanted: (String) -> Bool
    ) async throws {
        var logs: [String: [ObjectInfo]] = [:]
        var others: [ObjectInfo] = []
        for object in try await self.objects.objects(prefix: root + prefix) {
            let path = String(object.key.dropFirst(root.count))
            if isWanted(path) {
                others.append(object)
            } else if let slash = path.lastIndex(of: "/"), isWanted(String(path[..<slash])) {
                logs[String(path[..<slash]), default: []].append(object)
            }
        }
        let folder = self.layout.runFolder(flow: run.flow, run: run.run)
        let downloads = FileDownloads(objects: self.objects)
        try await Parallel.each(others) { object in
            let path = "\(folder)/\(object.key.dropFirst(root.count))"
            // A report is written once; the other files may have changed and kept their size.
            if path.hasSuffix(".report.json"), FileStatus(path)?.size == object.size { return }
            try await downloads.fetchWhole(object.key, to: path)
        }
        try await Parallel.each(Array(logs)) { log in
            try await downloads.fetchPieces(log.value, to: "\(folder)/\(log.key)")
        }
    }
}
