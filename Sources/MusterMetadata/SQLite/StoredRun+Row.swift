import Foundation
import GRDB
import MusterModel

/// Reads rows without trust in their types: SQLite lets any value stand in any column.
extension StoredRun {
    /// - Parameter row: Record, end, verdict, flow, run and creation.
    init(_ row: Row) {
        let name = { (column: Int) in String.fromDatabaseValue(row[column]) ?? "?" }
        let key = RunKey(flow: name(3), run: name(4))
        do {
            self = .whole(try Self.decode(row, key))
        } catch {
            self = .damaged(
                key, created: Double.fromDatabaseValue(row[5]) ?? 0,
                MetadataError(
                    code: .corrupt,
                    message:
                        "the record of the run \(key) cannot be read (\(Self.reason(error))); the store was damaged or written by another version"
                ))
        }
    }

    private static func decode(_ row: Row, _ key: RunKey) throws -> RunRecord {
        guard let data = Data.fromDatabaseValue(row[0]) else { throw Misfit(reason: "it is no JSON") }
        var record = try JSONDecoder().decode(RunRecord.self, from: data)
        // Paths are made of these names.
        guard record.key == key else { throw Misfit(reason: "it is that of \(record.key)") }
        for name in [record.flow, record.run] + record.manifest.steps.map(\.name) where !Self.isFileName(name) {
            throw Misfit(reason: "'\(name)' is no name")
        }
        let verdict = row[2] as DatabaseValue
        record.finished = Double.fromDatabaseValue(row[1])
        record.verdict = String.fromDatabaseValue(verdict).flatMap(RunVerdict.init(rawValue:))
        guard verdict.isNull || record.verdict != nil else { throw Misfit(reason: "its verdict is unknown") }
        return record
    }

    private static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && name != "." && name != ".." && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 == 0 }
    }

    private struct Misfit: Error {
        let reason: String
    }

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as Misfit: error.reason
        case DecodingError.keyNotFound(let key, _): "there is no \(key.stringValue)"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            "\(context.codingPath.map(\.stringValue).joined(separator: ".")) is of another kind"
        default: "it is no JSON of a run"
        }
    }
}

extension EventRow {
    /// - Parameter row: Number, time, kind, task, attempt and payload; nil when a column holds another kind of value.
    init?(_ row: Row) {
        guard let kind = String.fromDatabaseValue(row[2]) else { return nil }
        self.init(
            kind: kind, task: Int.fromDatabaseValue(row[3]), attempt: Int.fromDatabaseValue(row[4]),
            payload: Data.fromDatabaseValue(row[5]))
    }
}
