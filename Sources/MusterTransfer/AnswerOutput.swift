import FoundationEssentials
import Glibc
import MusterSystem
import MusterWire
import Synchronization

/// Standard output, to which answers go many at a time: the program waits for the last one.
final class AnswerOutput: Sendable {
    /// Bytes that are worth a call of the system.
    private static let full = 32 << 10

    private let waiting = Mutex(Data())

    func tell(_ answer: TransferAnswer) {
        // A value of numbers and texts can always be encoded.
        guard let line = try? LineCoding.encode(answer) else { return }
        self.waiting.withLock { waiting in
            waiting.append(line)
            if waiting.count >= Self.full { Self.write(&waiting) }
        }
    }

    func flush() { self.waiting.withLock { Self.write(&$0) } }

    /// A program that is gone is noticed by ``ClientWatch``.
    private static func write(_ waiting: inout Data) {
        try? waiting.withUnsafeBytes { try OpenFile.write($0, to: STDOUT_FILENO, called: "standard output") }
        waiting.removeAll(keepingCapacity: true)
    }
}
