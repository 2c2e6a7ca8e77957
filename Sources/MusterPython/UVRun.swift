internal import Glibc
internal import MusterModel
internal import MusterProcess

/// Runs a uv for one purpose, and passes its words on.
struct UVRun: Sendable {
    let uv: String
    /// uv runs in the cache's folder, so that settings of a project around the current folder do not apply.
    let folder: String
    let environment: [String: String]
    let reactor: ProcessReactor
    /// What is being done, for a message.
    let subject: String
    let progress: @Sendable (String) -> Void
    /// uv is killed when this program dies, however it dies.
    var endsWithProgram = false

    /// - Throws: ``PythonError`` with uv's last lines.
    func callAsFunction(_ arguments: [String]) async throws(PythonError) {
        let spec = ProcessSpec(
            executable: self.uv, arguments: arguments, environment: self.environment, workingDirectory: self.folder,
            parentDeathSignal: self.endsWithProgram ? SIGKILL : nil)
        let progress = self.progress
        let lines = ProgressLines { line in
            // Lines that begin with a space list single packages.
            if line.first?.isLetter == true && !line.hasPrefix("Using Python") { progress("uv: \(line)") }
        }
        let outcome: ProcessOutcome
        do {
            outcome = try await self.reactor.run(spec) { stream, bytes in
                if stream == .standardError { lines.append(bytes) }
            }
        } catch {
            throw PythonError.running(self.subject, error: error)
        }
        guard outcome.status.isSuccess else { throw PythonError.tool(self.subject, outcome: outcome) }
    }
}
