import Dispatch
import FoundationEssentials
import Glibc
import MusterSystem
import MusterWire
import Synchronization

/// The agent's standard output: one ``AgentStatus`` a line, in order. An engine that does not read blocks nothing.
///
/// Each write wakes the engine, and a short attempt sends several lines within a millisecond. A line that is not urgent
/// waits up to 5 ms for the next one, which saves wake-ups of the engine (Benchmarks: foreach).
final class StatusWriter: Sendable {
    private struct State {
        /// Lines that wait for the next one.
        var held = Data()
        var isTimed = false
        /// Writes that the queue has not done yet.
        var queued = 0
    }

    /// Seconds for which a line may wait for another.
    private static let pause = 0.005

    private let descriptor: CInt
    private let clock: any AgentClock
    private let queue = DispatchQueue(label: "muster.status")
    private let state = Mutex(State())

    init(descriptor: CInt = STDOUT_FILENO, clock: any AgentClock) {
        self.descriptor = descriptor
        self.clock = clock
    }

    /// - Parameter isUrgent: True for a line that the engine waits for, and for the last one for a while.
    func send(_ status: AgentStatus, isUrgent: Bool = true) {
        guard let line = try? LineCoding.encode(status) else { return }
        let schedules = self.state.withLock { state in
            state.held += line
            if isUrgent { self.flush(&state) }
            guard !state.held.isEmpty, !state.isTimed else { return false }
            state.isTimed = true
            return true
        }
        guard schedules else { return }
        self.clock.schedule(after: Self.pause) { [self] in
            self.state.withLock { state in
                state.isTimed = false
                self.flush(&state)
            }
        }
    }

    /// Waits until all lines are written, for `seconds` at most.
    func drain(seconds: Double) async {
        self.state.withLock { self.flush(&$0) }
        await withCheckedContinuation { continuation in
            let once = Once { continuation.resume() }
            self.queue.async { once.run() }
            self.clock.schedule(after: seconds) { once.run() }
        }
    }

    /// Writes the held lines: at once where that cannot block, otherwise on the queue.
    private func flush(_ state: inout State) {
        let lines = state.held
        guard !lines.isEmpty else { return }
        state.held = Data()
        if state.queued == 0, lines.count <= Int(PIPE_BUF), self.hasRoom {
            return Self.write(lines, to: self.descriptor)
        }
        state.queued += 1
        self.queue.async { [self] in
            Self.write(lines, to: self.descriptor)
            self.state.withLock { $0.queued -= 1 }
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
