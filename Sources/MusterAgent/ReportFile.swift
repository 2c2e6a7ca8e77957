import FoundationEssentials
import Glibc
import MusterModel
import MusterSystem
import MusterWire

/// The report of an attempt in the store. It is written beside its place and renamed, so it is never partial.
enum ReportFile {
    /// Returns true when the report at `path` is too long for a status line: the engine reads the file then.
    static func isLong(_ path: String) -> Bool {
        FileStatus(path).map { $0.size > Self.longestLine } ?? false
    }

    /// Bytes of a report that goes to the engine as a line.
    private static let longestLine = 1 << 20

    /// Returns the problem, if any.
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
