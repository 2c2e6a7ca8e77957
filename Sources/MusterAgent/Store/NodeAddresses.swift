import Glibc

/// The addresses of this node by which other nodes may reach it.
enum NodeAddresses {
    struct Address: Sendable, Hashable {
        var interface: String
        var text: String
        var isIPv6: Bool
        var isLoopback: Bool
    }

    /// All addresses, the likeliest first: those of `network` (an interface or a network such as `10.1.0.0/16`), then that
    /// of the default route, IPv4 before IPv6. Loopback only where there is no other.
    static func ordered(_ all: [Address], network: String?, defaultRoute: String?) -> [String] {
        let outside = all.filter { !$0.isLoopback }
        let usable = outside.isEmpty ? all : outside
        func rank(_ address: Address) -> Int {
            if let network, self.matches(address, network) { return 0 }
            return (address.text == defaultRoute ? 1 : 2) + (address.isIPv6 ? 2 : 0)
        }
        return usable.enumerated().sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element.text)
    }

    /// This node's addresses in that order.
    static func current(network: String?) -> [String] {
        self.ordered(self.all(), network: network, defaultRoute: self.defaultRoute())
    }

    private static func matches(_ address: Address, _ network: String) -> Bool {
        if address.interface == network || address.text == network { return true }
        let parts = network.split(separator: "/")
        guard parts.count == 2, let bits = UInt32(parts[1]), bits <= 32, let base = self.number(String(parts[0])),
            let own = self.number(address.text)
        else { return false }
        let mask: UInt32 = bits == 0 ? 0 : ~UInt32(0) << (32 - bits)
        return base & mask == own & mask
    }

    /// An IPv4 address as a number in the host's byte order.
    private static func number(_ text: String) -> UInt32? {
        var address = in_addr()
        return inet_pton(AF_INET, text, &address) == 1 ? UInt32(bigEndian: address.s_addr) : nil
    }

    private static func all() -> [Address] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var addresses: [Address] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard let address = entry.ifa_addr, entry.ifa_flags & UInt32(IFF_UP) != 0 else { continue }
            let family = Int32(address.pointee.sa_family)
            // A link-local address needs its interface's number to be of use to another node.
            guard family == AF_INET || family == AF_INET6, let text = self.text(of: address, family),
                !text.hasPrefix("fe80:")
            else { continue }
            addresses.append(
                Address(
                    interface: String(cString: entry.ifa_name), text: text, isIPv6: family == AF_INET6,
                    isLoopback: entry.ifa_flags & UInt32(IFF_LOOPBACK) != 0))
        }
        return addresses
    }

    private static func text(of address: UnsafeMutablePointer<sockaddr>, _ family: Int32) -> String? {
        let size = family == AF_INET ? MemoryLayout<sockaddr_in>.size : MemoryLayout<sockaddr_in6>.size
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(NI_MAXHOST)) { buffer in
            guard let start = buffer.baseAddress,
                getnameinfo(
                    address, socklen_t(size), start, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST) == 0
            else { return nil }
            return String(cString: start)
        }
    }

    /// The source address of the default route: the kernel chooses it when a UDP socket is connected, without a packet.
    private static func defaultRoute() -> String? {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        // 192.0.2.1 is reserved for documentation (RFC 5737), so no host has it.
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = in_port_t(9).bigEndian
        inet_pton(AF_INET, "192.0.2.1", &target.sin_addr)
        var own = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isConnected = withUnsafeBytes(of: &target) {
            connect(descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress, size) == 0
        }
        guard isConnected else { return nil }
        return withUnsafeMutableBytes(of: &own) { bytes in
            guard let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                getsockname(descriptor, address, &size) == 0
            else { return nil }
            return self.text(of: address, AF_INET)
        }
    }
}
