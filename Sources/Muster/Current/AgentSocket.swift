import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A blocking connection to a Unix socket, closed with its last reference.
final class AgentSocket: Sendable {
    private let descriptor: CInt

    /// - Throws: ``StepFailure`` that names the path.
    init(connecting path: String) throws {
        #if os(Linux)
            let kind = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        #else
            let kind = SOCK_STREAM
        #endif
        let descriptor = socket(AF_UNIX, kind, 0)
        guard descriptor >= 0 else { throw Self.failure("a socket could not be made") }
        self.descriptor = descriptor

        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < capacity else {
            throw StepFailure(.contract, "the agent's socket path is longer than \(capacity - 1) bytes: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard result == 0 else { throw Self.failure("the agent at \(path) could not be reached") }
    }

    deinit { close(self.descriptor) }

    /// Shuts the connection down: the request that waits on it fails.
    func shutDown() {
        shutdown(self.descriptor, CInt(SHUT_RDWR))
    }

    func send(_ bytes: Data) throws {
        try bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let slice = UnsafeRawBufferPointer(rebasing: rest)
                // MSG_NOSIGNAL: an agent that is gone is an error to report, not a signal that ends the step.
                let count = Self.send(self.descriptor, slice)
                if count < 0 {
                    if errno == EINTR { continue }
                    throw Self.failure("the agent could not be asked")
                }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// One line, without its newline.
    func receiveLine() throws -> Data {
        var buffer = LineBuffer()
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = recv(self.descriptor, &chunk, chunk.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("the agent's answer could not be read") }
            guard count > 0 else { throw StepFailure(.contract, "the agent closed the connection without an answer") }
            if let line = try buffer.append(chunk[..<count]).first { return line }
        }
    }

    private static func send(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if os(Linux)
            Glibc.send(descriptor, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL))
        #else
            Darwin.send(descriptor, bytes.baseAddress, bytes.count, 0)
        #endif
    }

    private static func failure(_ what: String) -> StepFailure {
        StepFailure(.contract, "\(what): \(SystemError.lastText)")
    }
}
