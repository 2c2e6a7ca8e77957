package import Dispatch
import Glibc
import MusterModel
import MusterSystem
import Synchronization

/// The log that one of Muster's own programs keeps of itself: an agent beside its node's log, an engine in its run's
/// folder. Its records have the form of ``LogRecord``, one line each, so that the same readers show both.
///
/// Lines are handed to a queue and written there some at a time: a store that stalls must hold up neither heartbeats nor
/// the loop that decides. A log that cannot be written fails nothing.
package final class ProgramLog: Sendable {
    /// Seconds for which lines that are not urgent are collected: a short task's go in one turn of the queue.
    private static let pause = 0.1
    /// Lines that may wait while the store stalls. More are dropped, and their number is written.
    private static let mostWaiting = 10_000

    /// Bytes of a line: a failure can quote a person's output. A record may have more.
    private static let longest = 64 << 10

    private struct Line {
        let time: Int64
        let text: String
    }

    private struct State {
        var waiting: [Line] = []
        var dropped = 0
        var isScheduled = false
        var isBroken = false
    }

    private let path: String
    private let process: Int
    private let queue: DispatchQueue
    private let state = Mutex(State())
    /// Made with the first line. Touched on the queue only.
    private let file = Mutex<OpenFile?>(nil)

    /// - Parameters:
    ///   - process: The number of the lines' process, see ``LogProcess``.
    ///   - queue: A serial queue for blocking work.
    package init(path: String, process: Int, queue: DispatchQueue) {
        self.path = path
        self.process = process
        self.queue = queue
    }

    /// Takes a line. Never waits.
    /// - Parameter isUrgent: It is written at once: the program may not live much longer.
    package func append(_ text: String, isUrgent: Bool) {
        let isLong = text.utf8.count > Self.longest
        let line = Line(
            time: LogRecord.now(), text: isLong ? String(decoding: text.utf8.prefix(Self.longest), as: UTF8.self) : text
        )
        let schedules = self.state.withLock { state in
            guard !state.isBroken else { return false }
            guard state.waiting.count < Self.mostWaiting else {
                state.dropped += 1
                return false
            }
            state.waiting.append(line)
            defer { state.isScheduled = true }
            return isUrgent || !state.isScheduled
        }
        guard schedules else { return }
        if isUrgent {
            self.queue.async { self.write() }
        } else {
            self.queue.asyncAfter(deadline: .now() + Self.pause) { self.write() }
        }
    }

    /// Returns when everything that has come is in the file, or cannot get there. Not from the queue itself.
    package func flush() { self.queue.sync { self.write() } }

    private func write() {
        var (lines, dropped) = self.state.withLock { state in
            defer { (state.waiting, state.dropped, state.isScheduled) = ([], 0, false) }
            return (state.waiting, state.dropped)
        }
        if dropped > 0 { lines.append(Line(time: LogRecord.now(), text: "warning \(dropped) lines were dropped")) }
        guard !lines.isEmpty else { return }
        do {
            try self.write(lines)
        } catch {
            self.state.withLock { $0.isBroken = true }
        }
    }

    /// One system call for all of them.
    private func write(_ lines: [Line]) throws {
        var records = ""
        for line in lines {
            records += LogRecord.header(
                time: line.time, process: self.process, stream: .standardError, length: line.text.utf8.count + 1)
            records += line.text
            records += "\n\n"
        }
        let file = try self.openFile()
        try Array(records.utf8).withUnsafeBytes { try file.write($0) }
    }

    private func openFile() throws(SystemError) -> OpenFile {
        if let file = self.file.withLock({ $0 }) { return file }
        let folder = Folder.parent(of: self.path)
        if !folder.isEmpty, access(folder, F_OK) != 0 { try Folder.make(folder) }
        let file = try OpenFile(self.path, O_WRONLY | O_CREAT | O_APPEND)
        self.file.withLock { $0 = file }
        return file
    }
}
