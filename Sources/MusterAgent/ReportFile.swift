import FoundationEssentials
import Glibc
import MusterModel
import MusterSystem
import MusterWire

/// The report of an attempt, in the store: there as a whole or not at all.
enum ReportFile {
    /// Whether the report at `path` is one that the engine reads from there.
    static func isLong(_ path: String) -> Bool {
        FileStatus(path).map { $0.size > Self.longestLine } ?? false
    }

    /// Bytes of a report that goes to the engine as a line.
    private static let longestLine = 1 << 20

    /// Returns what went wrong, if anything did.
    static func write(_ report: GangReport, to path: String) -> String? {
        let folder = Folder.parent(of: path)
        let temporary = "\(path).new"
        do {
            try Folder.make(folder)
            try FileContents.overwrite(temporary, with: LineCoding.encode(report))
        } catch {
            return "cannot write the report \(path): \(error)"
        }
        guard rename(temporary, path) == 0 else {
            return AgentError.system("put the report in its place, \(path)").message
        }
        return nil
    }
}
