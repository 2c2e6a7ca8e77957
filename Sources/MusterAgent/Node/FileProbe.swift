import Dispatch
import Glibc
import MusterModel
import MusterSystem

/// Waits until a text has appeared in a file, which may appear later and grow.
struct FileProbe: Sendable {
    private static let piece = 64 << 10

    private let path: String
    private let text: String
    /// The file's folder may not exist yet, so inotify cannot watch it.
    private let retries: Retries

    /// - Parameter seconds: After these it gives up silently.
    init(
        path: String, text: String, seconds: Double, interval: Double = NodeSettings().probeInterval,
        clock: any AgentClock
    ) {
        self.path = path
        self.text = text
        self.retries = Retries(seconds: seconds, interval: interval, clock: clock)
    }

    func wait(on queue: DispatchQueue, onFound: @escaping @Sendable () -> Void) {
        self.look(from: 0, TextWatch(for: self.text, onFound: onFound), on: queue)
    }

    private func look(from offset: Int, _ watch: TextWatch, on queue: DispatchQueue) {
        queue.async {
            let next = self.read(from: offset, into: watch)
            guard !watch.isFound else { return }
            self.retries.again { self.look(from: next, watch, on: queue) }
        }
    }

    /// - Returns: The offset of the first byte that was not read.
    private func read(from offset: Int, into watch: TextWatch) -> Int {
        guard let file = try? OpenFile(self.path, O_RDONLY | O_NONBLOCK) else { return offset }
        var offset = offset
        var buffer = [UInt8](repeating: 0, count: Self.piece)
        while !watch.isFound {
            let count = pread(file.descriptor, &buffer, buffer.count, off_t(offset))
            guard count > 0 else { break }
            buffer[..<count].withUnsafeBytes { watch.append($0) }
            offset += count
        }
        return offset
    }
}
