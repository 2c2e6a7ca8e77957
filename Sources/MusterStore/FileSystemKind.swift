import CMusterPlatform
import Glibc
import MusterSystem

/// The file system of a folder, as far as it matters to a store.
package struct FileSystemKind: Sendable, Hashable {
    /// Its usual name; its number in hexadecimal where it has none here.
    package let name: String
    /// Other machines may write there, and changes of theirs are not told of.
    package let isNetwork: Bool

    /// Of the nearest folder at or above `path` that is there.
    package init(of path: String) {
        var place = path
        while access(place, F_OK) != 0, place.count > 1 { place = Folder.parent(of: place) }
        let file = try? OpenFile(place, O_RDONLY)
        self.init(number: file.map { UInt64(muster_file_system($0.descriptor)) } ?? 0)
    }

    /// - Parameter number: `f_type` of `statfs(2)`.
    init(number: UInt64) {
        // A file system of 32-bit numbers whose highest bit is set comes with its sign extended.
        let known = Self.known[number & 0xFFFF_FFFF]
        self.name = known?.name ?? "0x\(String(number & 0xFFFF_FFFF, radix: 16))"
        self.isNetwork = known?.isNetwork ?? false
    }

    /// From `linux/magic.h` and the manual page statfs(2); those of parallel file systems from their own headers.
    private static let known: [UInt64: (name: String, isNetwork: Bool)] = [
        0x6969: ("nfs", true), 0x0BD0_0BD0: ("lustre", true), 0x4750_4653: ("gpfs", true),
        0x1983_0326: ("beegfs", true), 0x00C3_6400: ("ceph", true), 0xFF53_4D42: ("cifs", true),
        0xFE53_4D42: ("smb2", true), 0x517B: ("smb", true), 0x5346_414F: ("afs", true), 0xAAD7_AAEA: ("panfs", true),
        0x6573_5546: ("fuse", true), 0x0102_1997: ("9p", true), 0x7461_636F: ("ocfs2", true),
        0x0116_1970: ("gfs2", true), 0x2003_0528: ("orangefs", true),
        0xEF53: ("ext4", false), 0x5846_5342: ("xfs", false), 0x9123_683E: ("btrfs", false),
        0x2FC1_2FC1: ("zfs", false), 0x0102_1994: ("tmpfs", false), 0x794C_7630: ("overlayfs", false),
        0xF2F5_2010: ("f2fs", false), 0xCA45_1A4E: ("bcachefs", false),
    ]
}
