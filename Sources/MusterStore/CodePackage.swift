import Crypto
import FoundationEssentials
import Glibc

/// The code of a flow as it stands when a run begins: the files of its folder, under one digest.
///
/// A snapshot is made once per digest; editing a file while a run goes on changes nothing for that run. Left out are
/// what tools make (`.git`, `.build`, `__pycache__`, virtual environments …), what the folder's `.gitignore` names,
/// and very large files, which are noted.
package struct CodePackage: Sendable, Equatable {
    /// The flow's folder, absolute.
    package let folder: String
    /// In the order of their paths.
    package let files: [PackagedFile]
    /// What was left out although somebody may miss it, one sentence each.
    package let notes: [String]
    /// SHA-256 over paths, kinds and contents.
    package let digest: String

    /// Looks at `folder` and reads every file once.
    /// - Throws: ``StoreError`` naming the file that cannot be read, or a link that leads out of the folder.
    package init(folder: String) throws {
        let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        let patterns = try? String(contentsOf: URL(filePath: "\(folder)/.gitignore"), encoding: .utf8)
        var walk = FolderWalk(root: folder, ignored: IgnorePatterns(text: patterns ?? ""))
        try walk.run()
        var notes = walk.notes
        var files: [PackagedFile] = []
        for entry in walk.entries {
            if entry.status.st_mode & S_IFMT == S_IFLNK {
                if let link = try Self.link(entry.path, in: folder, &notes) { files.append(link) }
            } else {
                files.append(try Self.file(entry, in: folder))
            }
        }
        self.folder = folder
        self.files = files
        self.notes = notes
        self.digest = Self.digest(files)
    }

    /// The folder in the store that holds the files; made now if no run has had this code yet.
    package func snapshot(in layout: StoreLayout) throws -> String {
        let target = layout.packageFolder(self.digest)
        if Folder.exists(target) { return target }
        let aside = "\(layout.incoming)/\(UUID().uuidString)"
        defer { Folder.remove(aside) }
        try Folder.make(aside)
        for file in self.files { try self.copy(file, into: aside) }
        try Folder.make(layout.packages)
        // Somebody else may have made the same one meanwhile, which is as good.
        if rename(aside, target) != 0, !Folder.exists(target) {
            throw SystemCall.error(errno, "put the code package into the store as \(target)")
        }
        return target
    }

    // MARK: - Reading

    private static func file(_ entry: FolderWalk.Entry, in folder: String) throws -> PackagedFile {
        var hash = SHA256()
        var size = 0
        try OpenFile("\(folder)/\(entry.path)", O_RDONLY | O_NOFOLLOW).forEachPiece { piece in
            hash.update(bufferPointer: piece)
            size += piece.count
        }
        return PackagedFile(
            path: entry.path, kind: entry.status.st_mode & 0o111 == 0 ? .file : .executable, size: size,
            digest: Hexadecimal.text(hash.finalize()))
    }

    private static func link(_ path: String, in folder: String, _ notes: inout [String]) throws(StoreError) -> PackagedFile? {
        let full = "\(folder)/\(path)"
        guard let target = RealPath.of(full) else {
            notes.append("\(path) was left out: it is a link that leads nowhere")
            return nil
        }
        let text = RealPath.link(full)
        guard let root = RealPath.of(folder), target.hasPrefix("\(root)/"), !text.hasPrefix("/") else {
            throw StoreError(
                .package,
                "\(full) is a link to \(text), which leads out of the flow's folder; copy what it points at, or name the link in .gitignore")
        }
        return PackagedFile(
            path: path, kind: .link(to: text), size: 0, digest: Hexadecimal.text(SHA256.hash(data: Data(text.utf8))))
    }

    private static func digest(_ files: [PackagedFile]) -> String {
        var hash = SHA256()
        for file in files {
            let kind =
                switch file.kind {
                case .file: "f"
                case .executable: "x"
                case .link: "l"
                }
            // A NUL ends the path, because a path can hold anything else.
            hash.update(data: Data("\(kind) \(file.digest) \(file.path)\0".utf8))
        }
        return Hexadecimal.text(hash.finalize())
    }

    // MARK: - Writing

    private func copy(_ file: PackagedFile, into aside: String) throws {
        let target = "\(aside)/\(file.path)"
        if let slash = file.path.lastIndex(of: "/") { try Folder.make("\(aside)/\(file.path[..<slash])") }
        if case .link(let text) = file.kind {
            try SystemCall.check("make the link \(target)") { symlink(text, target) }
            return
        }
        var hash = SHA256()
        let copy = try OpenFile(target, O_WRONLY | O_CREAT | O_EXCL)
        try OpenFile("\(self.folder)/\(file.path)", O_RDONLY | O_NOFOLLOW).forEachPiece { piece in
            hash.update(bufferPointer: piece)
            try copy.write(piece)
        }
        guard Hexadecimal.text(hash.finalize()) == file.digest else {
            throw StoreError(.package, "\(self.folder)/\(file.path) was changed while the run was being started; start it again")
        }
        try SystemCall.check("set the mode of \(target)") { fchmod(copy.descriptor, file.kind == .executable ? 0o755 : 0o644) }
    }
}
