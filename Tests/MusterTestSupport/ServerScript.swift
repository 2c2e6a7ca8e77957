import Foundation
import MusterProcess

/// One of the project's scripts that bring a server up and take it down.
struct ServerScript: Sendable {
    /// Its name below `Scripts`.
    let name: String

    /// Runs it and returns what it wrote.
    /// - Throws: ``ServerScriptError`` with its own words when it fails.
    @discardableResult
    func run(_ arguments: [String]) async throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let outcome = try await ProcessReactor().run(
            ProcessSpec(
                executable: root.appending(path: "Scripts/\(self.name)").path, arguments: arguments,
                environment: ProcessInfo.processInfo.environment))
        guard outcome.status.isSuccess else {
            throw ServerScriptError(description: String(decoding: outcome.standardError, as: UTF8.self))
        }
        return String(decoding: outcome.standardOutput, as: UTF8.self)
    }

    /// Brings a server up and returns the variables that its `export` lines set.
    func up(_ arguments: [String]) async throws -> [String: String] {
        var variables: [String: String] = [:]
        for line in try await self.run(["up"] + arguments).split(separator: "\n") where line.hasPrefix("export ") {
            let parts = line.dropFirst(7).split(separator: "=", maxSplits: 1)
            variables[String(parts[0])] = String(parts[1])
        }
        return variables
    }
}

/// A server did not come up; the script's own words.
struct ServerScriptError: Error, CustomStringConvertible {
    let description: String
}
