import Foundation
import MusterProcess
import Testing

/// The parent of what a command leaves behind: detached engines and gangs of killed ones. Without it they would become
/// children of the test program, where tests of programs that end their orphans end these too. It goes with this value.
final class Nest: Sendable {
    private let process: SpawnedProcess
    private let running = Running()

    private static let script = """
        import ctypes, json, signal, subprocess, sys
        ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
        done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        # The kernel reaps the command's orphans: nobody here waits for them.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        print(json.dumps({"code": done.returncode, "output": done.stdout, "errors": done.stderr}), flush=True)
        sys.stdin.read()
        """

    private struct Answer: Decodable {
        var code: Int32
        var output: String
        var errors: String
    }

    /// Runs `command` in the sandbox's folder.
    init(_ sandbox: Sandbox, _ command: [String], environment: [String: String] = [:]) throws {
        let running = self.running
        let base = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MUSTER_") || $0.key == "MUSTER_CACHE"
        }
        self.process = try sandbox.reactor.spawn(
            ProcessSpec(
                executable: "python3", arguments: ["-c", Self.script] + command,
                environment: base.merging(["TMPDIR": sandbox.temporary]) { $1 }.merging(environment) { $1 },
                workingDirectory: sandbox.folder, standardInput: .pipe, newSession: true),
            onOutput: { _, bytes in running.receive(bytes) }, onExit: { running.end($0) })
    }

    deinit { self.process.closeInput() }

    /// The command's end. What it left lives on.
    func finished() async throws -> Finished {
        await self.running.wait(for: "}\n")
        let answer = try JSONDecoder().decode(Answer.self, from: Data(self.running.output.utf8))
        return Finished(
            status: answer.code < 0 ? .signaled(-answer.code) : .exited(answer.code), output: answer.output,
            errors: answer.errors)
    }
}
