import Foundation
import MusterWire

/// The engine's end of an agent's status lines.
final class StatusPipe {
    private let pipe = Pipe()

    init() { _ = fcntl(self.pipe.fileHandleForReading.fileDescriptor, F_SETFL, O_NONBLOCK) }

    /// The agent's end.
    var writer: CInt { self.pipe.fileHandleForWriting.fileDescriptor }

    /// The text that has come since the last call. Does not wait.
    func statuses() throws -> [AgentStatus] {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = max(0, read(self.pipe.fileHandleForReading.fileDescriptor, &bytes, bytes.count))
        return try Data(bytes[..<count]).split(separator: UInt8(ascii: "\n")).map {
            try JSONDecoder().decode(AgentStatus.self, from: $0)
        }
    }
}
