import FoundationEssentials
import Glibc
import MusterModel
import MusterWire

/// A connection to the agent of this process's node. It is closed with this value, which the agent notices.
final class AgentConnection: Sendable {
    private let descriptor: CInt

    /// - Parameter path: The agent's socket; nil for the one in the environment.
    /// - Throws: ``AgentError`` when there is no agent.
    init(socket path: String? = nil) throws(AgentError) {
        guard let path = path ?? Self.socket else {
            throw AgentError(
                "\(NodeEnvironment.socket) is not set; this works only in a process that a Muster step started")
        }
        self.descriptor = try Self.connect(path)
    }

    deinit { close(self.descriptor) }

    /// Sends a request and blocks until its answer. Not for two threads at once.
    /// - Throws: ``AgentError`` when the agent has gone.
    func ask(_ request: AgentRequest) throws -> AgentAnswer {
        try Self.send(try LineCoding.encode(request), to: self.descriptor)
        return try LineCoding.decode(AgentAnswer.self, from: try Self.receive(from: self.descriptor))
    }

    private static var socket: String? { getenv(NodeEnvironment.socket).map { String(cString: $0) } }

    private static func connect(_ path: String) throws(AgentError) -> CInt {
        let descriptor = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("make a socket") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard connected == 0 else {
            defer { close(descriptor) }
            throw .system("reach the agent at \(path)")
        }
        return descriptor
    }

    private static func send(_ line: Data, to descriptor: CInt) throws(AgentError) {
        let isSent = line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let start = UnsafeRawBufferPointer(rebasing: rest).baseAddress
                let count = Glibc.send(descriptor, start, rest.count, CInt(MSG_NOSIGNAL))
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
        guard isSent else { throw .system("ask the agent") }
    }

    private static func receive(from descriptor: CInt) throws -> Data {
        var lines = LineBuffer()
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw AgentError("the agent has gone") }
            if let line = try lines.append(chunk[..<count]).first { return line }
        }
    }
}
