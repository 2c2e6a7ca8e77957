import FoundationEssentials
import Glibc
import MusterModel
import MusterSystem

/// Walks a flow's folder and picks what belongs into its code package.
struct PackageWalk {
    let folder: String
    private(set) var files: [CodePackage.File] = []
    private(set) var folders: [CodePackage.Subfolder] = []
    private(set) var links: [CodePackage.Link] = []
    private(set) var notes: [String] = []
    private(set) var secrets: [String] = []
    /// Of the folders that are being visited, the outermost first.
    private var ignores: [(folder: String, patterns: IgnorePatterns)] = [("", .secrets)]
    /// Links that stay inside, with what they lead to.
    private var found: [(path: String, target: String)] = []
    private let root: String

    /// Names that never hold a flow's code.
    private static let skipped: Set<String> = [
        ".git", ".hg", ".svn", ".muster", ".metaflow", ".build", ".swiftpm", ".venv", "venv", ".tox", ".nox", ".eggs",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".cache", "__pycache__", "site-packages",
        "node_modules", ".terraform", ".gradle", ".DS_Store",
    ]

    init(folder: String) {
        self.folder = folder
        self.root = Self.resolved(folder) ?? folder
    }

    mutating func run() throws {
        do {
            try self.visit("", names: FileManager.default.contentsOfDirectory(atPath: self.folder))
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.permission, "the flow's folder \(self.folder) cannot be read: \(error)")
        }
        try self.settleLinks()
    }

    // MARK: Folders

    private mutating func visit(_ relative: String, names: [String]) throws {
        let count = self.ignores.count
        for name in [".gitignore", ".musterignore"] where names.contains(name) { self.readPatterns(name, in: relative) }
        defer { self.ignores.removeLast(self.ignores.count - count) }
        for name in names.sorted() where !Self.skipped.contains(name) && !name.hasSuffix(".pyc") {
            try self.consider(relative.isEmpty ? name : "\(relative)/\(name)")
        }
    }

    private mutating func readPatterns(_ name: String, in relative: String) {
        let path = relative.isEmpty ? "\(self.folder)/\(name)" : "\(self.folder)/\(relative)/\(name)"
        guard let data = FileManager.default.contents(atPath: path) else { return }
        self.ignores.append((relative, IgnorePatterns(String(decoding: data, as: UTF8.self))))
    }

    private func isIgnored(_ relative: String, isFolder: Bool) -> Bool {
        var ignored = false
        for (folder, patterns) in self.ignores {
            let below = folder.isEmpty ? relative[...] : relative.dropFirst(folder.count + 1)
            ignored = patterns.ignores(below, isFolder: isFolder) ?? ignored
        }
        return ignored
    }

    /// True when only Muster's own patterns ignore the file.
    private func isSecretAlone(_ relative: String) -> Bool {
        self.ignores.dropFirst().allSatisfy { folder, patterns in
            patterns.ignores(folder.isEmpty ? relative[...] : relative.dropFirst(folder.count + 1), isFolder: false)
                == nil
        }
    }

    private mutating func consider(_ relative: String) throws {
        let path = "\(self.folder)/\(relative)"
        guard let status = FileStatus(ofLink: path) else {
            // A file that was removed during the walk is ignored.
            if errno != ENOENT || relative.contains("\u{FFFD}") {
                self.leaveOut(relative, "cannot be looked at: its name is too long, or not UTF-8")
            }
            return
        }
        switch status.type {
        case S_IFDIR:
            guard !self.isIgnored(relative, isFolder: true), !self.isMadeByTool(path) else { return }
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                return self.leaveOut(relative, "cannot be read")
            }
            self.folders.append(CodePackage.Subfolder(path: relative, mode: Int(status.permissions)))
            try self.visit(relative, names: names)
        case S_IFLNK:
            if !self.isIgnored(relative, isFolder: false) { self.considerLink(relative) }
        case S_IFREG:
            if !self.isIgnored(relative, isFolder: false) {
                try self.take(relative, status)
            } else if self.isSecretAlone(relative) {
                self.secrets.append(relative)
            }
        default:
            if !self.isIgnored(relative, isFolder: false) { self.leaveOut(relative, "is a socket, a pipe or a device") }
        }
    }

    /// Environments, caches and stores, whatever they are called.
    private func isMadeByTool(_ path: String) -> Bool {
        if access("\(path)/pyvenv.cfg", F_OK) == 0 || access("\(path)/conda-meta", F_OK) == 0 { return true }
        if access("\(path)/muster.db", F_OK) == 0 { return true }
        // https://bford.info/cachedir/
        guard access("\(path)/CACHEDIR.TAG", R_OK) == 0 else { return false }
        let tag = FileManager.default.contents(atPath: "\(path)/CACHEDIR.TAG") ?? Data()
        return tag.starts(with: Data("Signature: 8a477f597d28d172789f06886806bc55".utf8))
    }

    private mutating func take(_ relative: String, _ status: FileStatus) throws {
        let size = status.size
        guard access("\(self.folder)/\(relative)", R_OK) == 0 else { return self.leaveOut(relative, "cannot be read") }
        guard size <= CodePackage.maximumFileSize else {
            let most = ByteText.of(CodePackage.maximumFileSize)
            return self.leaveOut(relative, "has \(ByteText.of(size)), and files of over \(most) stay out")
        }
        guard self.files.count < CodePackage.maximumFiles else {
            throw StoreError(
                .package,
                "the flow's folder \(self.folder) holds over \(CodePackage.maximumFiles) files; keep the flow in a folder of its own, or name what is not its code in a .gitignore"
            )
        }
        self.files.append(CodePackage.File(path: relative, size: size, mode: Int(status.mode & 0o555 | 0o400)))
    }

    private mutating func leaveOut(_ relative: String, _ reason: String) {
        self.notes.append("\(relative) \(reason); the code package is without it")
    }

    // MARK: Links

    private mutating func considerLink(_ relative: String) {
        guard let target = Self.resolved("\(self.folder)/\(relative)") else {
            return self.leaveOut(relative, "is a link to nothing")
        }
        guard target == self.root || target.hasPrefix(self.root + "/") else {
            return self.leaveOut(relative, "is a link that leaves the flow's folder")
        }
        self.found.append((relative, String(target.dropFirst(self.root.count).drop { $0 == "/" })))
    }

    /// A link is kept if its target is in the package. Otherwise a copy of its target takes its place.
    private mutating func settleLinks() throws {
        let known = Set(self.files.map(\.path)).union(self.folders.map(\.path)).union([""])
        for (path, target) in self.found {
            if known.contains(target) {
                self.links.append(CodePackage.Link(path: path, target: Self.relative(target, from: path)))
                continue
            }
            guard let status = FileStatus("\(self.folder)/\(path)"), status.isFile else {
                self.leaveOut(path, "is a link to \(target), which is left out")
                continue
            }
            try self.take(path, status)
        }
    }

    /// The text of a link at `path` to `target`, both relative to the flow's folder.
    private static func relative(_ target: String, from path: String) -> String {
        var from = path.split(separator: "/").dropLast()
        var to = target.split(separator: "/")[...]
        while let first = from.first, first == to.first {
            from = from.dropFirst()
            to = to.dropFirst()
        }
        let parts = from.map { _ in ".." } + to.map(String.init)
        return parts.isEmpty ? "." : parts.joined(separator: "/")
    }

    private static func resolved(_ path: String) -> String? {
        guard let target = realpath(path, nil) else { return nil }
        defer { free(target) }
        return String(cString: target)
    }
}
