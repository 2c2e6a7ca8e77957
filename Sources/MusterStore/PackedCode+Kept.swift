import FoundationEssentials
import Glibc
import MusterSystem

extension PackedCode {
    /// Reads the unpacked copy of a store, every file of it: the rules of ``CodePackage`` have been applied when it was made.
    /// - Throws: ``StoreError`` with code ``StoreError/Code/corrupt`` when it is not the package with this digest.
    package init(kept digest: String, in layout: StoreLayout) throws {
        let folder = layout.packageFolder(digest)
        guard StoreLayout.isDigest(digest) else {
            throw StoreError(.corrupt, "'\(digest)' is no digest of a code package")
        }
        guard let status = FileStatus(folder) else {
            throw StoreError(.missing, "the code package \(digest) is not in the store: there is no \(folder)")
        }
        var walk = KeptPackageWalk(root: folder)
        try StoreError.wrapping { try walk.visit("") }
        self.init(kept: walk, mode: Int(status.permissions), closing: 0)
        // The copy of a folder that its owner could not write to can be written to.
        if self.digest != digest { self.init(kept: walk, mode: Int(status.permissions), closing: 0o200) }
        guard self.digest == digest else {
            throw StoreError(
                .corrupt, "the code package \(digest) is corrupt: the files in \(folder) have the digest \(self.digest)"
            )
        }
    }

    /// - Parameter bits: Permissions that the folders did not have.
    private init(kept walk: KeptPackageWalk, mode: Int, closing bits: Int) {
        let folders = walk.folders.map { CodePackage.Subfolder(path: $0.path, mode: $0.mode & ~bits) }
        self.init(mode: mode, folders: folders, links: walk.links, files: walk.files, walk.contents)
    }
}

/// All entries of a package's folder, files in the order of their paths.
private struct KeptPackageWalk {
    let root: String
    var folders: [CodePackage.Subfolder] = []
    var links: [CodePackage.Link] = []
    private var found: [(file: CodePackage.File, data: Data)] = []

    init(root: String) { self.root = root }

    var files: [CodePackage.File] { self.sorted.map(\.file) }
    var contents: [Data] { self.sorted.map(\.data) }
    private var sorted: [(file: CodePackage.File, data: Data)] { self.found.sorted { $0.file.path < $1.file.path } }

    mutating func visit(_ folder: String) throws {
        let path = folder.isEmpty ? self.root : "\(self.root)/\(folder)"
        guard let names = Folder.names(in: path) else { throw SystemError(errno, "list \(path)") }
        for name in names { try self.take(folder.isEmpty ? name : "\(folder)/\(name)") }
    }

    private mutating func take(_ relative: String) throws {
        let path = "\(self.root)/\(relative)"
        guard let status = FileStatus(ofLink: path) else { throw SystemError(errno, "look at \(path)") }
        if status.isFolder {
            self.folders.append(CodePackage.Subfolder(path: relative, mode: Int(status.permissions)))
            try self.visit(relative)
        } else if status.isLink {
            let target = try FileManager.default.destinationOfSymbolicLink(atPath: path)
            self.links.append(CodePackage.Link(path: relative, target: target))
        } else {
            let data = Data(try OpenFile(path, O_RDONLY | O_NONBLOCK).bytes())
            let file = CodePackage.File(path: relative, size: data.count, mode: Int(status.permissions))
            self.found.append((file, data))
        }
    }
}
