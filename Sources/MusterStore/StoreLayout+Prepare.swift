import Glibc

extension StoreLayout {
    /// Makes the store's folders where they are missing and checks that they can be written to.
    ///
    /// Safe to call by several processes at once, and at every start.
    package func prepare() throws(StoreError) {
        for folder in [self.root, self.locks, self.artifacts, self.incoming, self.packages, self.runs, self.cache] {
            try Folder.make(folder)
            try SystemCall.check("write into the store folder \(folder)") { access(folder, R_OK | W_OK | X_OK) }
        }
        try self.writeIgnoreFile()
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
