import Glibc

/// Ports that frameworks bind themselves.
enum FreePort {
    /// A TCP port of `address` that nobody listens on at this moment.
    ///
    /// Nothing keeps it free: who gets it should bind it soon.
    static func pick(address: String) throws(AgentError) -> Int {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(address, "0", &hints, &found) == 0, let info = found else {
            throw AgentError("the node's address \(address) cannot be resolved")
        }
        defer { freeaddrinfo(info) }
        let descriptor = socket(info.pointee.ai_family, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw AgentError.system("find a free port on \(address)") }
        defer { close(descriptor) }
        var bound = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let isBound = bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0
        let isNamed = withUnsafeMutablePointer(to: &bound) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
        }
        guard isBound, isNamed else { throw AgentError.system("find a free port on \(address)") }
        // The port stands at the same place in both families' addresses.
        let port = withUnsafeBytes(of: &bound) {
            UInt16(bigEndian: $0.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        }
        return Int(port)
    }
}
