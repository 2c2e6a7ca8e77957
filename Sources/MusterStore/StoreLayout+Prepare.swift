import FoundationEssentials
import Glibc
import MusterSystem

extension StoreLayout {
    /// Makes the store's folders where they are missing and checks that they can be written to.
    ///
    /// Safe to call by several processes at once, and at every start. A new store is this user's alone, because parameters,
    /// artifacts and logs are.
    /// - Parameter isShared: Others may read it, as far as the umask lets them.
    package func prepare(isShared: Bool = false) throws(StoreError) {
        try StoreError.converting { () throws(SystemError) in
            try Folder.make(self.root, mode: isShared ? Folder.shared : 0o700)
            if isShared { try self.share() }
            for folder in [self.root, self.artifacts, self.incoming, self.packages, self.runs] {
                if folder != self.root { try Folder.make(folder) }
                try SystemCall.check("write into the store folder \(folder)") { access(folder, R_OK | W_OK | X_OK) }
            }
            try self.writeIgnoreFile()
        }
    }

    /// Gives others the permissions that the umask allows, on a store that was private.
    private func share() throws(SystemError) {
        let mask = umask(0)
        umask(mask)
        guard FileStatus(self.root)?.permissions == 0o700 else { return }
        try SystemCall.check("let others read \(self.root)") { chmod(self.root, Folder.shared & ~mask) }
    }

    /// Keeps the store out of the repository it may lie in.
    private func writeIgnoreFile() throws(SystemError) {
        let path = "\(self.root)/.gitignore"
        if access(path, F_OK) != 0 { try FileContents.overwrite(path, with: Data("*\n".utf8)) }
    }
}
