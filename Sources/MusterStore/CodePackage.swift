import FoundationEssentials
import Glibc
import MusterSystem

/// The files of a flow at the start of a run: everything below the flow's folder that can be code.
///
/// Version control, caches, environments, files that a `.gitignore` or a `.musterignore` names, files of secrets and
/// files of over 100 MiB are left out.
package struct CodePackage: Sendable, Equatable {
    package struct File: Sendable, Equatable {
        /// Relative to the flow's folder.
        package let path: String
        /// Bytes.
        package let size: Int
        /// Permission bits of the copy: those of the file, without any to write.
        package let mode: Int

        package var isExecutable: Bool { self.mode & 0o100 != 0 }
    }

    package struct Subfolder: Sendable, Equatable {
        package let path: String
        package let mode: Int
    }

    package struct Link: Sendable, Equatable {
        package let path: String
        /// The text of the link; it leads to a path in the package.
        package let target: String
    }

    /// The flow's folder.
    package let folder: String
    /// Sorted by path.
    package let files: [File]
    /// Outer ones before those in them; the flow's folder itself is not among them.
    package let folders: [Subfolder]
    package let links: [Link]
    /// A sentence for each file that was left out although no pattern names it.
    package let notes: [String]
    /// A sentence for each file that was left out because such files hold secrets.
    package let secrets: [String]

    /// A file larger than this is data, not code.
    package static let maximumFileSize = 100 << 20
    /// A folder with more files than this is not one flow's.
    package static let maximumFiles = 10_000

    /// Collects the files of `folder`.
    /// - Throws: ``StoreError`` when the folder cannot be read, or is too large to be a flow's own.
    package init(folder: String) throws {
        var walk = PackageWalk(folder: folder)
        try walk.run()
        self.folder = folder
        self.files = walk.files.sorted { $0.path < $1.path }
        self.folders = walk.folders
        self.links = walk.links
        self.notes = walk.notes
        self.secrets = walk.secrets.map {
            "\($0) stays out, because such files hold secrets; `!\($0)` in a .musterignore takes it in"
        }
    }

    /// True when the package has a file at `path`, also through a link.
    package func hasFile(_ path: String) -> Bool {
        guard let target = realpath("\(self.folder)/\(path)", nil), let root = realpath(self.folder, nil) else {
            return false
        }
        defer {
            free(target)
            free(root)
        }
        let below = String(cString: target).dropFirst(String(cString: root).count + 1)
        return self.files.contains { $0.path == path || $0.path == below }
    }

    /// Keeps a copy of the files in the store, once per content, and returns its digest.
    /// - Throws: ``StoreError``.
    package func snapshot(in layout: StoreLayout) throws -> String {
        let packed = try self.packed()
        try packed.keep(in: layout)
        return packed.digest
    }

    /// The digest that ``snapshot(in:)`` returns, without storing anything.
    package func digest() throws -> String { try self.packed().digest }

    /// Reads the files.
    /// - Parameter name: A folder of the package in which all of them stand; nil for the package's own.
    /// - Throws: ``StoreError`` for one that cannot be read.
    package func packed(under name: String? = nil) throws -> PackedCode {
        let contents = try self.files.map { file in
            let path = "\(self.folder)/\(file.path)"
            guard let data = FileManager.default.contents(atPath: path) else {
                throw StoreError(
                    .permission, "cannot read \(path) for the code package; make it readable or ignore it in .gitignore"
                )
            }
            return data
        }
        let start = name.map { "\($0)/" } ?? ""
        return PackedCode(
            mode: self.topMode,
            folders: (name.map { [Subfolder(path: $0, mode: self.topMode)] } ?? [])
                + self.folders.map { Subfolder(path: start + $0.path, mode: $0.mode) },
            links: self.links.map { Link(path: start + $0.path, target: $0.target) },
            files: self.files.map { File(path: start + $0.path, size: $0.size, mode: $0.mode) }, contents)
    }

    private var topMode: Int { FileStatus(self.folder).map { Int($0.permissions | 0o700) } ?? 0o700 }
}
