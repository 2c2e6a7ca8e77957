import Testing

@testable import MusterStore

@Suite struct FileSystemKindTests {
    @Test(
        "File systems that other machines may write to are known by their numbers, also with a sign extended",
        arguments: [
            (0x6969, "nfs", true), (0x0BD0_0BD0, "lustre", true), (0xFF53_4D42, "cifs", true),
            (0xFFFF_FFFF_FF53_4D42, "cifs", true), (0xEF53, "ext4", false), (0x9123_683E, "btrfs", false),
            (0x1234, "0x1234", false),
        ] as [(UInt64, String, Bool)])
    func kinds(number: UInt64, name: String, isNetwork: Bool) {
        let kind = FileSystemKind(number: number)
        #expect(kind.name == name && kind.isNetwork == isNetwork)
    }

    @Test("A folder that is not there has the file system of the nearest one above it")
    func missing() {
        #expect(FileSystemKind(of: "/proc/none/deeper") == FileSystemKind(of: "/proc"))
        #expect(FileSystemKind(of: "/proc").name == "0x9fa0")
    }
}
