import FoundationEssentials
import MusterModel
import MusterProcess
import MusterWire
import Synchronization

/// Reads what one agent writes: its status lines, and on standard error why it gives up.
final class AgentOutput: Sendable {
    private struct Buffers {
        var status = LineBuffer()
        var errors = LineBuffer()
        var lastErrors: [String] = []
    }

    private static let keptLines = 10
    private let buffers = Mutex(Buffers())

    /// The last lines of the agent's standard error, oldest first.
    var lastLines: [String] { self.buffers.withLock { $0.lastErrors } }

    /// The status lines that `bytes` complete. Other lines are stored with the errors.
    func receive(_ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) -> [AgentStatus] {
        self.buffers.withLock { buffers in
            switch stream {
            case .standardError:
                Self.keep(Self.lines(of: bytes, in: &buffers.errors), in: &buffers)
                return []
            case .standardOutput:
                return Self.lines(of: bytes, in: &buffers.status).compactMap { line in
                    if let status = try? LineCoding.decode(AgentStatus.self, from: line) { return status }
                    Self.keep([line], in: &buffers)
                    return nil
                }
            }
        }
    }

    /// The lines that `bytes` complete; in place of one that was refused, why.
    private static func lines(of bytes: UnsafeRawBufferPointer, in buffer: inout LineBuffer) -> [Data] {
        do {
            return try buffer.append(bytes)
        } catch {
            return [Data("\(error)".utf8)]
        }
    }

    private static func keep(_ lines: [Data], in buffers: inout Buffers) {
        let texts = lines.map { String(decoding: $0, as: UTF8.self) }
        buffers.lastErrors = Array((buffers.lastErrors + texts).suffix(Self.keptLines))
    }
}
