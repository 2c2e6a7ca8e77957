import Glibc

/// Lists a flow's folder: what belongs to its code, in the order of the paths.
struct FolderWalk {
    struct Entry {
        var path: String
        var status: stat
    }

    /// Files larger than this are data, not code.
    static let maximumFile = 100 << 20
    /// More files than this are no code package either.
    static let maximumCount = 20_000

    /// Folders that hold what tools made, and so never belong to a flow's code.
    private static let skippedFolders: Set<String> = [
        ".git", ".hg", ".svn", ".muster", ".build", ".swiftpm", "__pycache__", ".venv", "node_modules", ".cache",
        ".mypy_cache", ".pytest_cache", ".ruff_cache", ".tox", ".nox", ".ipynb_checkpoints", ".idea", ".vscode",
        ".metaflow", ".eggs",
    ]

    let root: String
    let ignored: IgnorePatterns
    private(set) var entries: [Entry] = []
    /// What was left out and why, for people.
    private(set) var notes: [String] = []

    init(root: String, ignored: IgnorePatterns) {
        self.root = root
        self.ignored = ignored
    }

    mutating func run() throws(StoreError) { try self.walk("") }

    private mutating func walk(_ folder: String) throws(StoreError) {
        for name in try Self.names(in: folder.isEmpty ? self.root : "\(self.root)/\(folder)") {
            let path = folder.isEmpty ? name : "\(folder)/\(name)"
            var status = stat()
            // A file that has gone meanwhile is not there.
            guard lstat("\(self.root)/\(path)", &status) == 0 else { continue }
            try self.visit(path, name, status)
        }
    }

    private mutating func visit(_ path: String, _ name: String, _ status: stat) throws(StoreError) {
        switch status.st_mode & S_IFMT {
        case S_IFDIR:
            guard !self.skips(folder: path, name), !self.ignored.ignores(path, isFolder: true) else { return }
            try self.walk(path)
        case S_IFREG, S_IFLNK:
            guard name != ".DS_Store", !name.hasSuffix(".pyc"), !self.ignored.ignores(path, isFolder: false) else { return }
            guard status.st_size <= Self.maximumFile else {
                self.notes.append("\(path) was left out: it has \(status.st_size >> 20) MiB, and code packages take files up to \(Self.maximumFile >> 20) MiB")
                return
            }
            guard self.entries.count < Self.maximumCount else {
                throw StoreError(
                    .package,
                    "\(self.root) holds more than \(Self.maximumCount) files; name what is no code in its .gitignore, or move the flow into a folder of its own")
            }
            self.entries.append(Entry(path: path, status: status))
        default:
            self.notes.append("\(path) was left out: it is no plain file")
        }
    }

    private func skips(folder path: String, _ name: String) -> Bool {
        Self.skippedFolders.contains(name) || name.hasPrefix(".build-")
            || access("\(self.root)/\(path)/pyvenv.cfg", F_OK) == 0
    }

    private static func names(in folder: String) throws(StoreError) -> [String] {
        guard let stream = opendir(folder) else { throw SystemCall.error(errno, "read the folder \(folder)") }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
