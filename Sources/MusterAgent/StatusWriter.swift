import Dispatch
import FoundationEssentials
import Glibc
import MusterWire

/// The agent's standard output: one ``AgentStatus`` a line, in order. An engine that does not read holds up nothing.
final class StatusWriter: Sendable {
    private let descriptor: CInt
    private let queue = DispatchQueue(label: "muster.status")

    init(descriptor: CInt = STDOUT_FILENO) { self.descriptor = descriptor }

    func send(_ status: AgentStatus) {
        guard let line = try? LineCoding.encode(status) else { return }
        self.queue.async { [descriptor] in Self.write(line, to: descriptor) }
    }

    /// Waits until everything that was sent is written, but not for longer than `seconds`.
    func drain(seconds: Double) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [queue] in
                await withCheckedContinuation { continuation in
                    let once = Once { continuation.resume() }
                    queue.async { once.run() }
                    DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { once.run() }
                }
            }
        }
    }

    /// Errors mean that the engine has gone, which the end of the input tells.
    private static func write(_ line: Data, to descriptor: CInt) {
        line.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                if count <= 0 { return }
                rest = rest.dropFirst(count)
            }
        }
    }
}
