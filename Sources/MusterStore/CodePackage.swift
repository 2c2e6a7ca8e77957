import Crypto
import FoundationEssentials
import Glibc

/// The files that a flow's steps find in their work folder: everything sensible below the flow's own folder.
///
/// Version control, caches, environments, what a `.gitignore` at the top names, and files of over 100 MB stay out.
package struct CodePackage: Sendable, Equatable {
    package struct File: Sendable, Equatable {
        /// Relative to the flow's folder.
        package let path: String
        /// Bytes.
        package let size: Int
        package let isExecutable: Bool
    }

    /// The flow's folder.
    package let folder: String
    /// Sorted by path.
    package let files: [File]
    /// What was left out although nothing names it, a sentence each.
    package let notes: [String]

    /// A file larger than this is data, not code.
    package static let maximumFileSize = 100_000_000
    /// A folder with more files than this is not one flow's.
    package static let maximumFiles = 10_000

    /// Collects the files of `folder`.
    /// - Throws: ``StoreError`` when the folder cannot be read, or is too large to be a flow's own.
    package init(folder: String) throws {
        var walk = PackageWalk(folder: folder)
        try walk.run()
        self.folder = folder
        self.files = walk.files.sorted { $0.path < $1.path }
        self.notes = walk.notes
    }

    /// Keeps a copy of the files in the store, once per content, and returns its digest.
    /// - Throws: ``StoreError``.
    package func snapshot(in layout: StoreLayout) throws -> String {
        var contents: [(File, Data)] = []
        var hash = SHA256()
        for file in self.files {
            let path = "\(self.folder)/\(file.path)"
            guard let data = FileManager.default.contents(atPath: path) else {
                throw StoreError(.permission, "cannot read \(path) for the code package; make it readable or ignore it in .gitignore")
            }
            hash.update(data: Data("\(file.path)\u{0}\(file.isExecutable)\u{0}\(data.count)\u{0}".utf8))
            hash.update(data: data)
            contents.append((file, data))
        }
        let digest = Hexadecimal.text(hash.finalize())
        if access(layout.packageFolder(digest), F_OK) != 0 {
            try self.write(contents, to: layout, as: digest)
        }
        return digest
    }

    private func write(_ contents: [(File, Data)], to layout: StoreLayout, as digest: String) throws {
        let aside = "\(layout.incoming)/package-\(UUID().uuidString)"
        do {
            try Folder.make(aside)
            for (file, data) in contents {
                let path = "\(aside)/\(file.path)"
                if let slash = path.lastIndex(of: "/") { try Folder.make(String(path[..<slash])) }
                let target = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL, mode: file.isExecutable ? 0o555 : 0o444)
                try data.withUnsafeBytes { try target.write($0) }
            }
            // Another run may have been faster; its copy is the same.
            if Glibc.rename(aside, layout.packageFolder(digest)) != 0, access(layout.packageFolder(digest), F_OK) != 0 {
                throw SystemCall.error(errno, "put the code package into the store as \(layout.packageFolder(digest))")
            }
        } catch {
            try? FileManager.default.removeItem(atPath: aside)
            throw error
        }
        try? FileManager.default.removeItem(atPath: aside)
    }
}
