import Foundation
import MusterStore

/// Puts the output of a node's processes into one stream of bytes, each byte as it was written.
///
/// One process alone passes through untouched, progress bars and unfinished lines at once. While one process is in the
/// middle of a line, the others wait for its end, so that no line is torn, unless too much is waiting. Pure: records in,
/// bytes out.
struct ProcessMerge {
    /// Bytes that may wait for the end of another process's line: a progress bar may never end its line.
    private static let patience = 1 << 20

    /// The process whose unfinished line stands at the end of the output.
    private var open: Int?
    private var waiting: [Int: Data] = [:]
    private var order: [Int] = []
    private var held = 0

    mutating func append(_ record: LogRecord) -> Data {
        if let open = self.open, open != record.process {
            if self.waiting[record.process] == nil { self.order.append(record.process) }
            self.waiting[record.process, default: Data()].append(record.bytes)
            self.held += record.bytes.count
            guard self.held > Self.patience else { return Data() }
            self.open = nil
            return Data([UInt8(ascii: "\n")]) + self.release()
        }
        var output = record.bytes
        self.open = record.bytes.last == UInt8(ascii: "\n") ? nil : record.process
        if self.open == nil { output.append(self.release()) }
        return output
    }

    /// The bytes that still wait, with newlines between processes.
    mutating func finish() -> Data {
        var output = Data()
        if self.open != nil, !self.order.isEmpty { output.append(UInt8(ascii: "\n")) }
        self.open = nil
        for (index, process) in self.order.enumerated() {
            let bytes = self.waiting[process] ?? Data()
            output.append(bytes)
            if bytes.last != UInt8(ascii: "\n"), index < self.order.count - 1 { output.append(UInt8(ascii: "\n")) }
        }
        self.waiting = [:]
        self.order = []
        return output
    }

    /// The whole lines of those who waited; the first that is in the middle of a line has its turn then.
    private mutating func release() -> Data {
        var output = Data()
        while self.open == nil, !self.order.isEmpty {
            let process = self.order.removeFirst()
            let bytes = self.waiting.removeValue(forKey: process) ?? Data()
            self.held -= bytes.count
            output.append(bytes)
            if bytes.last != UInt8(ascii: "\n") { self.open = process }
        }
        return output
    }
}
