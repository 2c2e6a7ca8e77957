import Testing

@testable import MusterAgent

@Suite struct NodeAddressesTests {
    private typealias Address = NodeAddresses.Address

    private static let loopback = Address(interface: "lo", text: "127.0.0.1", isIPv6: false, isLoopback: true)
    private static let management = Address(interface: "eth0", text: "192.168.3.4", isIPv6: false, isLoopback: false)
    private static let fast = Address(interface: "ib0", text: "10.1.7.9", isIPv6: false, isLoopback: false)
    private static let six = Address(interface: "ib0", text: "fd00::9", isIPv6: true, isLoopback: false)
    private static let all = [loopback, six, fast, management]

    @Test(
        "The network that was asked for comes first, then the default route's address, then IPv4, then IPv6",
        arguments: [
            (nil, "192.168.3.4", ["192.168.3.4", "10.1.7.9", "fd00::9"]),
            (nil, nil, ["10.1.7.9", "192.168.3.4", "fd00::9"]),
            ("ib0", "192.168.3.4", ["fd00::9", "10.1.7.9", "192.168.3.4"]),
            ("10.1.0.0/16", "192.168.3.4", ["10.1.7.9", "192.168.3.4", "fd00::9"]),
            ("10.2.0.0/16", "192.168.3.4", ["192.168.3.4", "10.1.7.9", "fd00::9"]),
            ("10.1.7.9", nil, ["10.1.7.9", "192.168.3.4", "fd00::9"]),
            ("0.0.0.0/0", "192.168.3.4", ["10.1.7.9", "192.168.3.4", "fd00::9"]),
            ("10.1.0.0/99", nil, ["10.1.7.9", "192.168.3.4", "fd00::9"]),
        ] as [(String?, String?, [String])])
    func order(network: String?, route: String?, expected: [String]) {
        #expect(NodeAddresses.ordered(Self.all, network: network, defaultRoute: route) == expected)
    }

    @Test("Loopback counts only where there is nothing else")
    func loopbackAlone() {
        #expect(NodeAddresses.ordered([Self.loopback], network: "ib0", defaultRoute: nil) == ["127.0.0.1"])
        #expect(NodeAddresses.ordered([], network: nil, defaultRoute: nil) == [])
    }
}
