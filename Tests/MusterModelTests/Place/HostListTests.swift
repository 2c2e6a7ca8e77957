import Testing

@testable import MusterModel

@Suite struct HostListTests {
    @Test(
        "Slurm's short form stands for all of its names in order",
        arguments: [
            ("node1", ["node1"]),
            ("a,b", ["a", "b"]),
            ("node[1-3]", ["node1", "node2", "node3"]),
            ("node[001-003,7]", ["node001", "node002", "node003", "node7"]),
            ("node[08-11]", ["node08", "node09", "node10", "node11"]),
            ("login1,rack[1-2]n[1,3]x", ["login1", "rack1n1x", "rack1n3x", "rack2n1x", "rack2n3x"]),
        ])
    func expands(text: String, names: [String]) {
        #expect(HostList.expand(text) == names)
    }

    @Test(
        "A text that is not of this form, or stands for more nodes than there are, is refused",
        arguments: ["", "a,", "n[", "n[]", "n[1-", "n[3-1]", "n[a-b]", "n]1", "n[1-999999999]", "n[1-999][1-999]"])
    func refuses(text: String) {
        #expect(HostList.expand(text) == nil)
    }
}
