import FoundationEssentials
import Glibc
import MusterModel
import MusterStore
import MusterSystem

/// The checkpoints that a run's tasks have written: in a store that is a folder, below `checkpoints`.
///
///     checkpoints/tasks/FLOW/RUN/STEP/TASK/ATTEMPT.NAME.VERSION.json        names the other two in `key`
///     checkpoints/scopes/FLOW/STEP/SCOPE/IDENTIFIER/RUN.TASK.ATTEMPT.NAME.VERSION.json
///     checkpoints/files/FLOW/STEP/SCOPE/IDENTIFIER/RUN.TASK.ATTEMPT.NAME.VERSION/…
struct RunCheckpoints: Sendable {
    private struct Description: Decodable { var key: String }

    private let layout: StoreLayout
    private let run: RunKey
    private let folder: String

    init(_ run: RunKey, in layout: StoreLayout) {
        self.layout = layout
        self.run = run
        self.folder = "checkpoints/tasks/\(run.flow)/\(run.run)"
    }

    var isEmpty: Bool { access("\(self.layout.root)/\(self.folder)", F_OK) != 0 }

    /// Paths below the store's folder, descriptions after the files that they describe.
    func files() throws -> [FolderTree.File] {
        let own = try FolderTree.files(in: "\(self.layout.root)/\(self.folder)")
            .map { FolderTree.File(path: "\(self.folder)/\($0.path)", size: $0.size) }
        var found: [FolderTree.File] = []
        for key in Set(own.compactMap { self.key(in: $0.path) }) {
            found += try FolderTree.files(in: "\(self.layout.root)/\(key)")
                .map { FolderTree.File(path: "\(key)/\($0.path)", size: $0.size) }
            found += self.scopes(of: key).compactMap { path in
                FileStatus("\(self.layout.root)/\(path)").map { FolderTree.File(path: path, size: $0.size) }
            }
        }
        return found + own
    }

    /// Removes the descriptions, then the files.
    /// - Returns: A sentence for each that cannot be removed.
    func remove() throws -> [String] {
        let own = try FolderTree.files(in: "\(self.layout.root)/\(self.folder)")
        let keys = Set(own.compactMap { self.key(in: "\(self.folder)/\($0.path)") })
        let paths = keys.flatMap { self.scopes(of: $0) } + keys + [self.folder]
        return paths.compactMap { FolderRemoval.remove("\(self.layout.root)/\($0)") }
    }

    /// `checkpoints/files/FLOW/STEP/SCOPE/IDENTIFIER/NAME` of a description.
    private func key(in path: String) -> String? {
        guard let bytes = FileContents.read("\(self.layout.root)/\(path)"),
            let key = try? JSONDecoder().decode(Description.self, from: Data(bytes)).key
        else { return nil }
        let parts = key.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 7 && parts.starts(with: ["checkpoints", "files"]) && !parts.contains("..") ? key : nil
    }

    /// The checkpoint's description for tasks of other runs, and that of the last one of its attempt.
    private func scopes(of key: String) -> [String] {
        let path = "checkpoints/scopes/" + key.dropFirst("checkpoints/files/".count)
        let name = path.dropFirst(Folder.parent(of: path).count + 1).dropFirst(self.run.run.count + 1)
        let numbers = name.split(separator: ".").prefix(2).joined(separator: ".")
        let latest = "\(Folder.parent(of: path))/\(self.run.run).\(numbers).latest.json"
        return ["\(path).json", latest]
    }
}
