package import FoundationEssentials
import Glibc
package import MusterModel

/// The bytes of one read from a process's pipe: the unit of a node's log file.
///
/// A log file is a sequence of records, each a line of text and then the bytes as they came:
///
///     <unix microseconds> <process> <o|e> <length>\n<bytes>\n
///
/// Records are not lines: one may hold half a line or many. ``LogLines`` puts lines together.
package struct LogRecord: Sendable, Hashable {
    /// The most bytes one record holds; longer writes become several records.
    package static let maximumLength = 1 << 20

    /// Unix time in microseconds, when the bytes were read.
    package var time: Int64
    /// The process of the node that wrote them: 0 is the step program, 1 + k is worker k of its framework.
    package var process: Int
    package var stream: ProcessStream
    package var bytes: Data

    package init(time: Int64, process: Int, stream: ProcessStream, bytes: Data) {
        self.time = time
        self.process = process
        self.stream = stream
        self.bytes = bytes
    }

    /// The time that a record gets when it is read now.
    package static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    static func header(time: Int64, process: Int, stream: ProcessStream, length: Int) -> String {
        "\(time) \(process) \(stream.rawValue) \(length)\n"
    }
}
