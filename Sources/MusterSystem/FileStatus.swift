#if canImport(Glibc)
    package import Glibc
#elseif canImport(Musl)
    package import Musl
#else
    package import Darwin
#endif

/// A file's device and inode: equal for two paths of one file.
package struct FileID: Sendable, Hashable {
    package let device: UInt64
    package let inode: UInt64

    package init(_ status: stat) {
        self.device = UInt64(status.st_dev)
        self.inode = UInt64(status.st_ino)
    }
}

/// A file's identity, size and time of modification. They stay equal while nobody writes to the file or replaces it.
package struct FileStamp: Sendable, Hashable, CustomStringConvertible {
    package let id: FileID
    /// Bytes.
    package let size: Int
    /// `mtime` in nanoseconds since 1970.
    package let modified: Int

    /// The stamp of the file at `path`; nil when there is none. Links are followed.
    package init?(_ path: String) {
        guard let status = FileStatus(path) else { return nil }
        self = status.stamp
    }

    fileprivate init(_ status: stat) {
        self.id = FileID(status)
        self.size = Int(status.st_size)
        self.modified = FileStatus.nanoseconds(status.st_mtim)
    }

    /// The same text for the same stamp, for keys of caches.
    package var description: String { "\(self.id.device)-\(self.id.inode)-\(self.size)-\(self.modified)" }
}

/// The result of `stat`.
package struct FileStatus: Sendable, Hashable {
    package let stamp: FileStamp
    /// `ctime` in nanoseconds since 1970. It changes with writes, renames, links and modes, and no program can set it.
    package let changed: Int
    /// Type and permission bits, `st_mode`.
    package let mode: mode_t
    package let owner: uid_t
    /// Names that the file has.
    package let links: Int

    package init(_ status: stat) {
        self.stamp = FileStamp(status)
        self.changed = Self.nanoseconds(status.st_ctim)
        self.mode = status.st_mode
        self.owner = status.st_uid
        self.links = Int(status.st_nlink)
    }

    /// The status of the file at `path`, links followed; nil, with `errno` set, when it cannot be had.
    package init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The status of an open file; nil, with `errno` set, when it cannot be had.
    package init?(descriptor: Int32) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        self.init(status)
    }

    /// The status of the file or link at `path`; nil, with `errno` set, when it cannot be had.
    package init?(ofLink path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    package var id: FileID { self.stamp.id }
    /// Bytes.
    package var size: Int { self.stamp.size }
    /// The type bits, `S_IFREG` and so on.
    package var type: mode_t { self.mode & S_IFMT }
    package var isFile: Bool { self.type == S_IFREG }
    package var isFolder: Bool { self.type == S_IFDIR }
    package var isLink: Bool { self.type == S_IFLNK }
    /// Read, write and execute for owner, group and others.
    package var permissions: mode_t { self.mode & 0o777 }
    /// True for a file that only this user can write, apart from root.
    package var isWrittenByOwnerAlone: Bool { self.owner == geteuid() && self.mode & (S_IWGRP | S_IWOTH) == 0 }

    package static func nanoseconds(_ time: timespec) -> Int { Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_nsec) }
}
