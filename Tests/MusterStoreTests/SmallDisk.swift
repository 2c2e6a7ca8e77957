import Foundation
import Glibc

/// A file system of one megabyte; only root can make one.
final class SmallDisk {
    let path: String

    static var canBeMade: Bool {
        guard geteuid() == 0,
            let disk = try? SmallDisk(path: "\(NSTemporaryDirectory())muster-disk-\(UUID().uuidString)")
        else {
            return false
        }
        defer { rmdir(disk.path) }
        return true
    }

    init(path: String, options: String = "size=1m") throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let readOnly = options.hasPrefix("ro,") ? UInt(MS_RDONLY) : 0
        guard
            mount("muster", path, "tmpfs", readOnly, options.hasPrefix("ro,") ? String(options.dropFirst(3)) : options)
                == 0
        else {
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    deinit { umount2(self.path, 0) }
}
