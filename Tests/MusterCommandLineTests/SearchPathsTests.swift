import Testing

@testable import MusterCommandLine

@Suite struct SearchPathsTests {
    @Test(
        "Relative folders of a search path are those of the folder from which a flow is started",
        arguments: [
            ("lib", "/start/lib"), ("/usr/bin:lib:../own", "/usr/bin:/start/lib:/start/../own"), (".", "/start"),
            ("/a:", "/a:/start"), (":/a", "/start:/a"), ("", ""), ("$ORIGIN/lib:/b", "$ORIGIN/lib:/b"),
        ])
    func relative(given: String, expected: String) {
        let settled = SearchPaths.absolute(Array(given.utf8), in: Array("/start".utf8))
        #expect(String(decoding: settled, as: UTF8.self) == expected)
    }

    @Test("A folder's name need not be text")
    func bytes() {
        #expect(SearchPaths.absolute([0xFF], in: [UInt8(ascii: "/")]) == [UInt8(ascii: "/"), UInt8(ascii: "/"), 0xFF])
    }
}
