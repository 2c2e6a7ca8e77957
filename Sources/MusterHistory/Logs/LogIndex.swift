package import MusterStore

/// Places in one log at which records begin, so that it can be read from the middle on.
///
/// A place that is found by looking for something like a record could lie within what a program wrote. These are found by
/// reading from the beginning, once: a log only grows.
package struct LogIndex: Sendable {
    /// Bytes between two marks, at least.
    package static let distance = 256 << 10

    private struct Mark: Sendable {
        let offset: Int
        /// Unix microseconds of the record that begins there.
        let time: Int64
    }

    private var marks: [Mark] = []
    /// The offset behind the last whole record.
    package private(set) var end = 0

    package init() {}

    /// Reads what has been added to the log at `path`.
    /// - Throws: `StoreError` for a log that is there and cannot be read.
    package mutating func extend(_ path: String) throws {
        guard var reader = try LogReader(ifThere: path, from: self.end) else { return }
        var offset = self.end
        while let entry = try reader.next() {
            if case .record(let record) = entry, offset >= (self.marks.last.map { $0.offset + Self.distance } ?? 0) {
                self.marks.append(Mark(offset: offset, time: record.time))
            }
            offset = reader.offset
        }
        self.end = offset
    }

    /// The last mark before `offset`; 0 when there is none.
    package func mark(before offset: Int) -> Int {
        let next = self.marks.partitioningIndex { $0.offset >= offset }
        return next > 0 ? self.marks[next - 1].offset : 0
    }

    /// A mark before which all records are older than `time`, in Unix microseconds.
    package func mark(at time: Int64) -> Int {
        let next = self.marks.partitioningIndex { $0.time >= time }
        return next > 0 ? self.marks[next - 1].offset : 0
    }
}

extension Array {
    /// The first index whose element belongs to the second part, when those of the first part come first.
    fileprivate func partitioningIndex(where isSecond: (Element) -> Bool) -> Int {
        var (low, high) = (0, self.count)
        while low < high {
            let middle = (low + high) / 2
            if isSecond(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
