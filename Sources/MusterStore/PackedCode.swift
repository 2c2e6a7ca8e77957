import Crypto
package import FoundationEssentials
import Glibc
import MusterSystem

/// A code package with the contents of its files.
///
/// Its digest is that of a text: the folders, the links and the files one after the other, each sorted by path, a file's
/// bytes behind its path, mode and size. A package in a bucket is that text, behind one line with the numbers of them:
///
///     {"files":2,"folders":1,"links":0,"mode":493}
///     folder␀lib␀493␀flow.py␀420␀11␀print("hi")
///
/// so whoever reads one can check it by its name.
package struct PackedCode: Sendable {
    package let digest: String
    /// Permission bits of the package's own folder.
    private let mode: Int
    private let folders: [CodePackage.Subfolder]
    private let links: [CodePackage.Link]
    private let files: [CodePackage.File]
    /// In the order of the files.
    private let contents: [Data]

    private struct Head: Codable {
        var files: Int
        var folders: Int
        var links: Int
        var mode: Int
    }

    init(
        mode: Int, folders: [CodePackage.Subfolder], links: [CodePackage.Link], files: [CodePackage.File],
        _ contents: [Data]
    ) {
        self.mode = mode
        self.folders = folders
        self.links = links
        self.files = files
        self.contents = contents
        var hash = SHA256()
        Self.write(folders, links, files, contents) { hash.update(data: $0) }
        self.digest = Hexadecimal.text(hash.finalize())
    }

    private static func write(
        _ folders: [CodePackage.Subfolder], _ links: [CodePackage.Link], _ files: [CodePackage.File],
        _ contents: [Data], to sink: (Data) -> Void
    ) {
        func add(_ parts: String...) { sink(Data(parts.map { "\($0)\u{0}" }.joined().utf8)) }
        for folder in folders.sorted(by: { $0.path < $1.path }) { add("folder", folder.path, "\(folder.mode)") }
        for link in links.sorted(by: { $0.path < $1.path }) { add("link", link.path, link.target) }
        for (file, data) in zip(files, contents) {
            add(file.path, "\(file.mode)", "\(data.count)")
            sink(data)
        }
    }

    // MARK: - In a bucket

    /// The bytes that a bucket keeps.
    package func archive() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var bytes = try encoder.encode(
            Head(files: self.files.count, folders: self.folders.count, links: self.links.count, mode: self.mode))
        bytes.append(UInt8(ascii: "\n"))
        Self.write(self.folders, self.links, self.files, self.contents) { bytes.append($0) }
        return bytes
    }

    /// Reads what ``archive()`` has written.
    /// - Throws: ``StoreError`` with code ``StoreError/Code/corrupt`` when it is not the package with this digest.
    package init(archive: Data, digest: String) throws {
        var rest = archive[...]
        guard let line = rest.firstIndex(of: UInt8(ascii: "\n")),
            let head = try? JSONDecoder().decode(Head.self, from: Data(rest[..<line]))
        else { throw Self.corrupt(digest, "it does not begin with a list of what is in it") }
        rest = rest[(line + 1)...]
        guard Hexadecimal.text(SHA256.hash(data: rest)) == digest else {
            throw Self.corrupt(digest, "its bytes have another digest")
        }
        func word() throws -> String {
            guard let end = rest.firstIndex(of: 0) else { throw Self.corrupt(digest, "it ends early") }
            defer { rest = rest[(end + 1)...] }
            return String(decoding: rest[..<end], as: UTF8.self)
        }
        func number() throws -> Int {
            guard let number = Int(try word()), number >= 0 else { throw Self.corrupt(digest, "a number is none") }
            return number
        }
        func path(after mark: String) throws -> String {
            guard try word() == mark else { throw Self.corrupt(digest, "a \(mark) is missing") }
            return try Self.checked(word(), digest)
        }
        self.digest = digest
        self.mode = head.mode
        self.folders = try (0..<head.folders).map { _ in
            CodePackage.Subfolder(path: try path(after: "folder"), mode: try number())
        }
        self.links = try (0..<head.links).map { _ in CodePackage.Link(path: try path(after: "link"), target: try word())
        }
        var files: [CodePackage.File] = []
        var contents: [Data] = []
        for _ in 0..<head.files {
            let (path, mode, size) = (try Self.checked(word(), digest), try number(), try number())
            guard size <= rest.count else { throw Self.corrupt(digest, "it ends early") }
            files.append(CodePackage.File(path: path, size: size, mode: mode))
            contents.append(Data(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        (self.files, self.contents) = (files, contents)
    }

    /// A path must not leave the package.
    private static func checked(_ path: String, _ digest: String) throws -> String {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else {
            throw self.corrupt(digest, "'\(path)' is no path in it")
        }
        return path
    }

    private static func corrupt(_ digest: String, _ found: String) -> StoreError {
        StoreError(.corrupt, "the code package \(digest) is corrupt: \(found)")
    }

    // MARK: - In a folder

    /// Keeps an unpacked copy in the store, unless there is one.
    /// - Throws: ``StoreError``.
    package func keep(in layout: StoreLayout, safety: SafetyTime = .day) throws {
        guard LastUse.renew(layout.packageFolder(self.digest), safety) == .gone else { return }
        try StoreError.wrapping { try self.unpack(in: layout) }
    }

    private func unpack(in layout: StoreLayout) throws {
        let aside = "\(layout.incoming)/package-\(UUID().uuidString)"
        do {
            try Folder.make(layout.incoming)
            let held = LockedFolder.make(aside, mode: mode_t(self.mode))
            guard held != nil else { throw SystemError(errno, "make the folder \(aside)") }
            defer { withExtendedLifetime(held) {} }
            // The digest is of these modes, whatever the umask is: the store's own folder keeps others out.
            for folder in self.folders {
                let path = "\(aside)/\(folder.path)"
                try Folder.make(path)
                try SystemCall.check("set the mode of \(path)") { chmod(path, mode_t(folder.mode | 0o700)) }
            }
            for (file, data) in zip(self.files, self.contents) {
                let target = try OpenFile("\(aside)/\(file.path)", O_WRONLY | O_CREAT | O_EXCL, mode: mode_t(file.mode))
                try target.write(data)
                try target.setMode(mode_t(file.mode))
            }
            for link in self.links {
                let path = "\(aside)/\(link.path)"
                try SystemCall.check("make the link \(path)") { symlink(link.target, path) }
            }
            // Another run may have been faster; its copy is the same.
            let place = layout.packageFolder(self.digest)
            if Glibc.rename(aside, place) != 0, access(place, F_OK) != 0 {
                throw SystemError(errno, "put the code package into the store as \(place)")
            }
        } catch {
            _ = FolderRemoval.remove(aside)
            throw error
        }
        _ = FolderRemoval.remove(aside)
    }
}
