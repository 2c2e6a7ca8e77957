package import MusterModel
package import MusterStore

/// Reads parts of the logs of one task's nodes, backwards and forwards.
///
/// All lines that a record ends stay together, so that a position, which lies between two records, divides no line from
/// the others of its record.
package struct LogPages: Sendable {
    /// Bytes that are read of each log before a page is given as far as it has come: a search may find nothing for long.
    private static let patience = 64 << 20
    /// Bytes of the longest part that is read at once.
    private static let longest = 16 << 20

    private let sources: [LogSource]
    private let filter: LogFilter
    private let pattern: TextPattern?
    /// In the order of ``sources``, with what the logs hold now.
    private let indexes: [LogIndex]

    /// - Parameter index: Gives the log's index as it was before, and takes the one that has been extended.
    /// - Throws: `StoreError` for a log that cannot be read.
    package init(
        _ sources: [LogSource], _ filter: LogFilter,
        index: (_ path: String, (inout LogIndex) throws -> Void) throws -> LogIndex
    ) throws {
        self.sources = sources
        self.filter = filter
        self.pattern = filter.text.isEmpty ? nil : TextPattern(filter.text)
        self.indexes = try sources.map { source in try index(source.path) { try $0.extend(source.path) } }
    }

    /// The position at the end of the logs.
    package var end: LogPosition {
        LogPosition(
            offsets: Dictionary(zip(self.sources.map(\.node), self.indexes.map(\.end))) { first, _ in first })
    }

    /// The position of the first record that is not older than `time`, in Unix microseconds.
    package func position(at time: Int64) throws -> LogPosition {
        var position = LogPosition()
        for (source, index) in zip(self.sources, self.indexes) {
            var offset = index.mark(at: time)
            if var reader = try LogReader(ifThere: source.path, from: offset) {
                while offset < index.end, let entry = try reader.next() {
                    if case .record(let record) = entry, record.time >= time { break }
                    offset = reader.offset
                }
            }
            position.offsets[source.node] = offset
        }
        return position
    }

    /// About `limit` lines before `position`, the newest of them.
    package func page(before position: LogPosition, limit: Int) throws -> LogPage {
        var pieces: [Piece] = []
        var starts = LogPosition()
        for (source, index) in zip(self.sources, self.indexes) {
            let end = min(position.offsets[source.node] ?? index.end, index.end)
            let (found, start) = try self.pieces(source, index, before: end, limit: limit)
            pieces += found
            starts.offsets[source.node] = start
        }
        // Of all nodes the newest; a node whose older lines are left out begins there next time.
        pieces.sort { $0.order < $1.order }
        var count = 0
        let first = pieces.lastIndex { piece in
            count += piece.lines.count
            return count >= limit
        }
        for piece in pieces[..<(first ?? 0)] {
            starts.offsets[piece.node] = max(starts.offsets[piece.node] ?? 0, piece.end)
        }
        let kept = pieces[(first ?? 0)...]
        let after = LogPosition(
            offsets: self.end.offsets.merging(position.offsets) { end, position in min(end, position) })
        return LogPage(
            lines: kept.flatMap(\.lines), open: try self.open(at: after), before: starts, after: after,
            isStart: starts.offsets.values.allSatisfy { $0 == 0 }, isEnd: after == self.end)
    }

    /// About `limit` lines from `position` on, the oldest of them.
    package func page(after position: LogPosition, limit: Int) throws -> LogPage {
        var pieces: [Piece] = []
        var ends = LogPosition()
        for (source, index) in zip(self.sources, self.indexes) {
            let start = min(position.offsets[source.node] ?? 0, index.end)
            let (found, end) = try self.pieces(source, index, from: start, to: index.end, limit: limit)
            pieces += found
            ends.offsets[source.node] = end
        }
        pieces.sort { $0.order < $1.order }
        var count = 0
        let last = pieces.firstIndex { piece in
            count += piece.lines.count
            return count >= limit
        }
        let kept = last.map { pieces[...$0] } ?? pieces[...]
        for piece in pieces[kept.endIndex...] {
            ends.offsets[piece.node] = min(ends.offsets[piece.node] ?? 0, piece.start)
        }
        let before = LogPosition(
            offsets: self.end.offsets.merging(position.offsets) { end, position in min(end, position) })
        return LogPage(
            lines: kept.flatMap(\.lines), open: try self.open(at: ends), before: before, after: ends,
            isStart: before.offsets.values.allSatisfy { $0 == 0 }, isEnd: ends == self.end)
    }

    /// The lines that one record ended.
    private struct Piece {
        let node: Int
        /// The record's place in the log.
        let start: Int
        let end: Int
        /// Unix microseconds.
        let time: Int64
        let lines: [LogPage.Line]

        var order: (Int64, Int, Int) { (self.time, self.node, self.start) }
    }

    /// Pieces before `end`, at least `limit` lines of them if there are so many, and the place where they begin.
    private func pieces(_ source: LogSource, _ index: LogIndex, before end: Int, limit: Int) throws
        -> (pieces: [Piece], start: Int)
    {
        var pieces: [Piece] = []
        var count = 0
        var start = end
        // A search that finds nothing takes longer and longer parts, because some of what is before each is read twice.
        var length = 0
        while start > 0, count < limit, end - start < Self.patience {
            let mark = index.mark(before: max(start - length, 1))
            length = min(max(2 * length, LogIndex.distance), Self.longest)
            let found = try self.pieces(source, index, from: mark, to: start, limit: .max).pieces
            count += found.reduce(0) { $0 + $1.lines.count }
            pieces = found + pieces
            start = mark
        }
        return (pieces, start)
    }

    /// Pieces of the records from `start` to `end`, and the place where reading stopped.
    ///
    /// Some records before `start` are read too, for the beginnings of lines that end behind it.
    private func pieces(_ source: LogSource, _ index: LogIndex, from start: Int, to end: Int, limit: Int) throws
        -> (pieces: [Piece], end: Int)
    {
        var offset = index.mark(before: max(0, start - LogIndex.distance))
        guard start < end, var reader = try LogReader(ifThere: source.path, from: offset) else { return ([], end) }
        var lines = LogLines()
        var pieces: [Piece] = []
        var count = 0
        while offset < end, count < limit, offset - start < Self.patience, let entry = try reader.next() {
            let place = offset
            offset = reader.offset
            guard case .record(let record) = entry, self.filter.admits(record) else { continue }
            let ended = lines.append(record)
            guard place >= start else { continue }
            let shown = ended.filter { self.pattern?.occurs(in: $0.bytes) ?? true }
                .map { LogPage.Line(node: source.node, line: $0) }
            guard !shown.isEmpty else { continue }
            count += shown.count
            pieces.append(Piece(node: source.node, start: place, end: offset, time: record.time, lines: shown))
        }
        return (pieces, min(offset, end))
    }

    /// The lines that have not ended at `position`, those of a record that was cut off among them; none away from the end of
    /// a log.
    private func open(at position: LogPosition) throws -> [LogPage.Line] {
        var open: [LogPage.Line] = []
        for (source, index) in zip(self.sources, self.indexes) where position.offsets[source.node] == index.end {
            var offset = index.mark(before: index.end)
            guard var reader = try LogReader(ifThere: source.path, from: offset) else { continue }
            var lines = LogLines()
            while offset < index.end, let entry = try reader.next() {
                offset = reader.offset
                if case .record(let record) = entry, self.filter.admits(record) { _ = lines.append(record) }
            }
            var last: [LogLine] = []
            if case .record(let record) = try reader.finish(), self.filter.admits(record) {
                last = lines.append(record)
            }
            open += (last + lines.finish()).filter { self.pattern?.occurs(in: $0.bytes) ?? true }
                .map { LogPage.Line(node: source.node, line: $0) }
        }
        return open
    }
}
