import FoundationEssentials
import MusterStore
import MusterSystem

/// Removes artifacts and code packages of a folder that no run names.
struct FolderSweep: Sendable {
    private let layout: StoreLayout
    private let sweep: Sweep

    init(_ layout: StoreLayout, _ sweep: Sweep) {
        self.layout = layout
        self.sweep = sweep
    }

    func perform(_ report: inout PruneReport) {
        for folder in Folder.names(in: self.layout.artifacts) ?? [] {
            for digest in Folder.names(in: "\(self.layout.artifacts)/\(folder)") ?? []
            where StoreLayout.isDigest(digest) && !self.sweep.artifacts.contains(digest) {
                let path = self.layout.artifactFile(digest)
                guard let status = FileStatus(path) else { continue }
                self.remove(path, status, bytes: status.size, \.artifacts, &report)
            }
        }
        for digest in Folder.names(in: self.layout.packages) ?? []
        where StoreLayout.isDigest(digest) && !self.sweep.packages.contains(digest) {
            let path = self.layout.packageFolder(digest)
            guard let status = FileStatus(path) else { continue }
            let bytes = (try? FolderTree.files(in: path))?.reduce(0) { $0 + $1.size } ?? 0
            self.remove(path, status, bytes: bytes, \.packages, &report)
        }
    }

    private func remove(
        _ path: String, _ status: FileStatus, bytes: Int, _ count: WritableKeyPath<PruneReport, PruneReport.Count>,
        _ report: inout PruneReport
    ) {
        guard LastUse.time(status) < self.sweep.horizon else { return report.young.add(bytes) }
        if self.sweep.isDry { return report[keyPath: count].add(bytes) }
        let aside = "\(self.layout.incoming)/pruned-\(UUID().uuidString)"
        switch LastUse.remove(path, usedBefore: self.sweep.horizon, aside: aside) {
        case .removed: report[keyPath: count].add(bytes)
        case .used: report.young.add(bytes)
        case .gone: break
        case .refused(let problem): report.problems.append(problem)
        }
    }
}
