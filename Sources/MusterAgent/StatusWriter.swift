import Dispatch
import FoundationEssentials
import Glibc
import MusterSystem
import MusterWire
import Synchronization

/// The agent's standard output: one ``AgentStatus`` a line, in order. An engine that does not read blocks nothing.
final class StatusWriter: Sendable {
    private let descriptor: CInt
    private let clock: any AgentClock
    private let queue = DispatchQueue(label: "muster.status")
    /// Writes that the queue has not done yet.
    private let queued = Mutex(0)

    init(descriptor: CInt = STDOUT_FILENO, clock: any AgentClock) {
        self.descriptor = descriptor
        self.clock = clock
    }

    /// Writes the status: at once where that cannot block, otherwise on the queue.
    func send(_ status: AgentStatus) {
        guard let line = try? LineCoding.encode(status) else { return }
        self.queued.withLock { queued in
            if queued == 0, line.count <= Int(PIPE_BUF), self.hasRoom { return Self.write(line, to: self.descriptor) }
            queued += 1
            self.queue.async { [self] in
                Self.write(line, to: self.descriptor)
                self.queued.withLock { $0 -= 1 }
            }
        }
    }

    /// Waits until all lines are written, for `seconds` at most.
    func drain(seconds: Double) async {
        await withCheckedContinuation { continuation in
            let once = Once { continuation.resume() }
            self.queue.async { once.run() }
            self.clock.schedule(after: seconds) { once.run() }
        }
    }

    /// A pipe that can be written to takes `PIPE_BUF` bytes without blocking.
    private var hasRoom: Bool {
        var request = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, 0) == 1 && request.revents & Int16(POLLOUT) != 0
    }

    /// An error means that the engine is gone, which the end of the input reports.
    private static func write(_ line: Data, to descriptor: CInt) {
        line.withUnsafeBytes { try? OpenFile.write($0, to: descriptor, called: "the status") }
    }
}
