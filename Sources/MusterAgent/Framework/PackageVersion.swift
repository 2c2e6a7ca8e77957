import FoundationEssentials
import Glibc
import MusterProcess

/// Asks a node's interpreter for the version of a package: a framework's plan depends on its release.
struct PackageVersion: Sendable {
    private static let longestAnswer = 4096

    let python: String
    let package: String
    let environment: [String: String]
    let folder: String
    /// Seconds that the interpreter may take for its answer.
    let patience: Double

    /// The version from the package's metadata; for one that is on the path without being installed, from its module.
    private static let question = """
        import sys
        try:
            from importlib.metadata import version
            print(version(sys.argv[1]))
        except Exception:
            print(__import__(sys.argv[1]).__version__)
        """

    /// Calls `completion` once with the version; nil when the package is missing, which the framework's own program reports.
    func ask(on reactor: ProcessReactor, _ completion: @escaping @Sendable (String?) -> Void) {
        let output = PlanOutput(limit: Self.longestAnswer)
        let spec = ProcessSpec(
            executable: self.python, arguments: ["-c", Self.question, self.package], environment: self.environment,
            workingDirectory: self.folder, newSession: true, parentDeathSignal: SIGKILL, endsGroup: true)
        do throws(SpawnError) {
            let process = try reactor.spawn(
                spec, onOutput: { output.append($0, $1) },
                onExit: { completion($0.isSuccess ? Self.version(in: output.answer) : nil) })
            reactor.schedule(after: self.patience) { process.signalGroup(SIGKILL) }
        } catch {
            completion(nil)
        }
    }

    /// The last line: modules that the interpreter loads at its start may print others.
    private static func version(in answer: Data) -> String? {
        answer.split(separator: UInt8(ascii: "\n")).last.map { String(decoding: $0, as: UTF8.self) }
    }
}
