import Foundation
import MusterModel
import MusterProcess
import MusterStore

/// Shell lines, and stores as others may have left them.
extension Sandbox {
    /// Whether this user may become another one, as tests of other people's files need.
    static let canBeSomebodyElse = getuid() == 0 && ExecutableSearch.find("setpriv", path: "/usr/bin:/bin") != nil

    /// Runs a line of bash in this sandbox's folder. `MUSTER` is the command, `FLOW` a flow of a few steps, and `AS_NOBODY`
    /// makes a command that of a user whom the system does not know and who has no home.
    func shell(_ line: String, environment: [String: String] = [:]) async throws -> Finished {
        let words = [
            "MUSTER": "\(Self.programs)/muster", "FLOW": try self.flow("LinearFlow"),
            "AS_NOBODY": "setpriv --reuid 54321 --regid 54321 --clear-groups env -u HOME -u USER -u LOGNAME",
        ]
        let base = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MUSTER_") || $0.key == "MUSTER_CACHE"
        }
        let spec = ProcessSpec(
            executable: "/bin/bash", arguments: ["-c", line],
            environment: base.merging(words) { $1 }.merging(environment) { $1 }, workingDirectory: self.folder)
        return Finished(try await self.reactor.run(spec))
    }

    /// Puts `record` in the place of the run's own.
    func replace(_ record: RunRecord) async throws {
        let text = String(decoding: try JSONEncoder().encode(record), as: UTF8.self)
        try await self.change("UPDATE runs SET record = cast(?2 AS blob) WHERE run = ?1", [record.run, text])
    }

    /// Changes the database as no Muster does.
    func change(_ statement: String, _ arguments: [String]) async throws {
        let script =
            "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as base: base.execute(sys.argv[2], sys.argv[3:])"
        let spec = ProcessSpec(
            executable: "python3", arguments: ["-c", script, self.layout.database, statement] + arguments,
            environment: ProcessInfo.processInfo.environment)
        let finished = Finished(try await self.reactor.run(spec))
        guard finished.status == .exited(0) else { throw Missing(description: "\(finished)") }
    }
}
