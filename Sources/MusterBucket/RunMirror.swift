import FoundationEssentials
import Glibc
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
        let root = BucketLayout.files(run)
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
        try await Parallel.each(others) { object in
            let path = "\(folder)/\(object.key.dropFirst(root.count))"
            try await self.fetchWhole(object, to: path)
        }
        try await Parallel.each(Array(logs)) { log in try await self.fetchPieces(log.value, to: "\(folder)/\(log.key)")
        }
    }

    private func fetchWhole(_ object: ObjectInfo, to path: String) async throws {
        // A report is written once; the other files may have changed and kept their size.
        if path.hasSuffix(".report.json"), FileStatus(path)?.size == object.size { return }
        let data = try await self.objects.get(object.key)
        try Folder.make(Folder.parent(of: path))
        let draft = "\(Folder.parent(of: path))/.new-\(UUID().uuidString)"
        defer { unlink(draft) }
        try FileContents.overwrite(draft, with: data)
        try SystemCall.check("write \(path)") { rename(draft, path) }
    }

    /// - Parameter pieces: In the order of their offsets. After an engine has died they may overlap.
    private func fetchPieces(_ pieces: [ObjectInfo], to path: String) async throws {
        var have = FileStatus(path)?.size ?? 0
        for piece in pieces {
            guard let offset = BucketLayout.number(of: piece.key), offset <= have else { return }
            guard offset + piece.size > have else { continue }
            let data = try await self.objects.get(piece.key).dropFirst(have - offset)
            try Folder.make(Folder.parent(of: path))
            let file = try OpenFile(path, O_WRONLY | O_CREAT)
            try data.withUnsafeBytes { try file.write($0, at: have) }
            have += data.count
        }
    }
}
