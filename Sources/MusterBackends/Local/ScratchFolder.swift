import Foundation
import Glibc

/// The folder of one gang's nodes.
enum ScratchFolder {
    /// Where the scratch folders of clusters are: their services make sockets some folders below, whose paths are short.
    static var shortRoot: String { "/tmp/muster-\(getuid())" }

    /// Makes the folder for this user alone.
    /// - Throws: ``BackendError`` that names the folder, also when somebody else could replace what is in the short root,
    ///   which is where everybody can write.
    static func make(_ path: String) throws(BackendError) {
        do {
            if path.hasPrefix("\(self.shortRoot)/") { try self.makeRoot() }
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch let error as BackendError {
            throw error
        } catch {
            throw BackendError(message: "the folder \(path) cannot be made: \(error)", isTransient: true)
        }
    }

    private static func makeRoot() throws {
        mkdir(self.shortRoot, 0o700)
        var status = stat()
        let isOurs =
            lstat(self.shortRoot, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR && status.st_uid == geteuid()
            && status.st_mode & 0o022 == 0
        guard isOurs else {
            throw BackendError(
                message: "\(self.shortRoot) is not a folder of this user to which nobody else can write; remove it",
                isTransient: false)
        }
    }
}
