import Glibc

extension StoreLayout {
    /// Makes the store's folders where they are missing and checks that they can be written to.
    ///
    /// Safe to call by several processes at once, and at every start. A new store is this user's alone, because parameters,
    /// artifacts and logs are.
    /// - Parameter isShared: Others may read it, as far as the umask lets them.
    package func prepare(isShared: Bool = false) throws(StoreError) {
        try Folder.make(self.root, mode: isShared ? Folder.shared : 0o700)
        if isShared { try self.share() }
        for folder in [self.root, self.artifacts, self.incoming, self.packages, self.runs] {
            if folder != self.root { try Folder.make(folder) }
            try SystemCall.check("write into the store folder \(folder)") { access(folder, R_OK | W_OK | X_OK) }
        }
        try self.writeIgnoreFile()
    }

    /// Opens a store that was private, as the umask says.
    private func share() throws(StoreError) {
        let mask = umask(0)
        umask(mask)
        var status = stat()
        guard stat(self.root, &status) == 0, status.st_mode & 0o777 == 0o700 else { return }
        try SystemCall.check("let others read \(self.root)") { chmod(self.root, Folder.shared & ~mask) }
    }

    /// Keeps the store out of the repository it may lie in.
    private func writeIgnoreFile() throws(StoreError) {
        let path = "\(self.root)/.gitignore"
        guard access(path, F_OK) != 0 else { return }
        let file = try OpenFile(path, O_WRONLY | O_CREAT | O_TRUNC)
        var text = "*\n"
        do {
            try text.withUTF8 { try file.write(UnsafeRawBufferPointer($0)) }
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(.failed, "cannot write \(path): \(error)")
        }
    }
}

/// Folders, made and removed.
enum Folder {
    /// As the umask says.
    static let shared: mode_t = 0o777

    /// Makes `path` and what is missing above it; fine when it is there already.
    static func make(_ path: String, mode: mode_t = shared) throws(StoreError) {
        if mkdir(path, mode) == 0 { return }
        let number = errno
        switch number {
        case EEXIST:
            guard Self.exists(path) else {
                throw StoreError(.failed, "cannot make the folder \(path): a file of that name is in the way")
            }
        case ENOENT:
            let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            guard !parent.isEmpty else { throw SystemCall.error(number, "make the folder \(path)") }
            try Self.make(parent)
            guard mkdir(path, mode) != 0, errno != EEXIST else { return }
            throw SystemCall.error(errno, "make the folder \(path)")
        default:
            throw SystemCall.error(number, "make the folder \(path)")
        }
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }
}
