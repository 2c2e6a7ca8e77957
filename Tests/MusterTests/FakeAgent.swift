import Dispatch
import FoundationEssentials
import Glibc
import MusterWire
import Synchronization

/// An agent that answers on a socket what a test tells it to, and remembers what it was asked.
final class FakeAgent: Sendable {
    let path: String
    private let descriptor: CInt
    private let answer: @Sendable (AgentRequest) -> AgentAnswer
    private let seen = Mutex<[AgentRequest]>([])

    var requests: [AgentRequest] { self.seen.withLock { $0 } }

    init(folder: String, answer: @escaping @Sendable (AgentRequest) -> AgentAnswer) throws {
        self.path = folder + "/agent"
        self.answer = answer
        self.descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = self.path
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = self.descriptor
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard bound == 0, listen(descriptor, 16) == 0 else { throw FakeAgentError() }
        DispatchQueue(label: "fake agent").async { self.serve() }
    }

    deinit { close(self.descriptor) }

    /// Ends the thread that waits for connections.
    func stop() { shutdown(self.descriptor, CInt(SHUT_RDWR)) }

    private func serve() {
        while true {
            let connection = accept(self.descriptor, nil, nil)
            guard connection >= 0 else { return }
            DispatchQueue(label: "fake agent connection").async {
                self.serve(connection)
                close(connection)
            }
        }
    }

    private func serve(_ connection: CInt) {
        var lines = LineBuffer()
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(connection, &chunk, chunk.count)
            guard count > 0, let complete = try? lines.append(chunk[..<count]) else { return }
            for line in complete {
                guard let request = try? LineCoding.decode(AgentRequest.self, from: line) else { return }
                self.seen.withLock { $0.append(request) }
                guard let answer = try? LineCoding.encode(self.answer(request)) else { return }
                _ = answer.withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
            }
        }
    }
}

struct FakeAgentError: Error {}
