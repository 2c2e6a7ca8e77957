import Glibc

/// Ports that are kept free for a server that will bind them, for as long as this object lives.
///
/// Each is bound with SO_REUSEADDR and does not listen. So the kernel does not hand it out to a bind to port 0, and a server
/// that sets SO_REUSEADDR, as servers do, can bind it.
final class PortReservation: Sendable {
    let ports: [Int]
    private let descriptors: [CInt]

    /// - Parameter address: The node's address, for its family.
    init(count: Int, address: String) throws(AgentError) {
        var ports: [Int] = []
        var descriptors: [CInt] = []
        do throws(AgentError) {
            for _ in 0..<count {
                let descriptor = try Self.socket(isVersion6: address.contains(":"))
                descriptors.append(descriptor)
                ports.append(try Self.bind(descriptor, isVersion6: address.contains(":")))
            }
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        self.ports = ports
        self.descriptors = descriptors
    }

    deinit { for descriptor in self.descriptors { close(descriptor) } }

    private static func socket(isVersion6: Bool) throws(AgentError) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = Glibc.socket(isVersion6 ? AF_INET6 : AF_INET, kind, 0)
        guard descriptor >= 0 else { throw AgentError.system("make a socket for a free port") }
        var yes: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<CInt>.size))
        return descriptor
    }

    private static func bind(_ descriptor: CInt, isVersion6: Bool) throws(AgentError) -> Int {
        var address = sockaddr_storage()
        address.ss_family = sa_family_t(isVersion6 ? AF_INET6 : AF_INET)
        var length = socklen_t(isVersion6 ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size)
        let isNamed = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isNamed else { throw AgentError.system("find a free port") }
        // The port stands at the same place in both families' addresses.
        return withUnsafeBytes(of: &address) {
            Int(UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
        }
    }
}
