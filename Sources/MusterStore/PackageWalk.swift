import FoundationEssentials
import Glibc

/// Walks a flow's folder and picks what belongs into its code package.
struct PackageWalk {
    let folder: String
    private(set) var files: [CodePackage.File] = []
    private(set) var notes: [String] = []
    private var ignore: IgnorePatterns

    /// Names that never hold a flow's code.
    private static let skipped: Set<String> = [
        ".git", ".hg", ".svn", ".muster", ".metaflow", ".build", ".swiftpm", ".venv", "venv", ".tox", ".mypy_cache",
        ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints", ".cache", "__pycache__", "node_modules", ".DS_Store",
    ]

    init(folder: String) {
        self.folder = folder
        let text = FileManager.default.contents(atPath: "\(folder)/.gitignore").map { String(decoding: $0, as: UTF8.self) }
        self.ignore = IgnorePatterns(text ?? "")
    }

    mutating func run() throws {
        try self.visit("")
    }

    private mutating func visit(_ relative: String) throws {
        let path = relative.isEmpty ? self.folder : "\(self.folder)/\(relative)"
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path)
        } catch {
            throw StoreError(.permission, "the flow's folder \(path) cannot be read: \(error)")
        }
        for name in names.sorted() where !Self.skipped.contains(name) && !name.hasSuffix(".pyc") {
            try self.consider(relative.isEmpty ? name : "\(relative)/\(name)")
        }
    }

    private mutating func consider(_ relative: String) throws {
        let path = "\(self.folder)/\(relative)"
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        if status.st_mode & S_IFMT == S_IFLNK {
            guard self.staysInside(path) else {
                self.notes.append("\(relative) is a link that leaves the flow's folder; it is left out")
                return
            }
            // A link to a folder could lead round in circles; what it points at is packaged where it stands.
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
        }
        let isFolder = status.st_mode & S_IFMT == S_IFDIR
        guard !self.ignore.matches(relative, isFolder: isFolder) else { return }
        if isFolder { return try self.visit(relative) }
        guard status.st_mode & S_IFMT == S_IFREG else { return }
        try self.take(relative, size: Int(status.st_size), isExecutable: status.st_mode & S_IXUSR != 0)
    }

    private mutating func take(_ relative: String, size: Int, isExecutable: Bool) throws {
        guard size <= CodePackage.maximumFileSize else {
            self.notes.append("\(relative) has \(size / 1_000_000) MB; files of over 100 MB are left out")
            return
        }
        guard self.files.count < CodePackage.maximumFiles else {
            throw StoreError(
                .package,
                "the flow's folder \(self.folder) holds over \(CodePackage.maximumFiles) files; keep the flow in a folder of its own, or name what is not its code in a .gitignore")
        }
        self.files.append(CodePackage.File(path: relative, size: size, isExecutable: isExecutable))
    }

    private func staysInside(_ path: String) -> Bool {
        guard let target = realpath(path, nil), let root = realpath(self.folder, nil) else { return false }
        defer { free(target); free(root) }
        return String(cString: target).hasPrefix(String(cString: root) + "/")
    }
}
