import Foundation
import MusterMetadata
import MusterModel
import MusterProcess
import Testing

/// What `muster` was started with goes on to everything that it starts, and what was ignored stays ignored.
@Suite(.serialized, .timeLimit(.minutes(5))) struct InheritanceTests {
    @Test(
        "Ignored and blocked signals, the limit of descriptors and the umask are handed on to steps, served or not, and to gangs",
        arguments: [
            ("trap '' HUP INT", "ignored=HUP+INT blocked="),
            ("trap '' QUIT TERM USR1", "ignored=QUIT+USR1+TERM blocked="),
            ("", "ignored= blocked="),
        ], [[], ["--no-serve"]])
    func handedOn(traps: (shell: String, told: String), options: [String]) async throws {
        let sandbox = try Sandbox()
        let finished = try await Self.shell(
            "\(traps.shell)\nulimit -Sn 700; umask 027; exec \(Sandbox.programs)/muster run \(PythonFlowTests.flow("inherited")) \(options.joined())",
            sandbox)
        #expect(finished.status == .exited(0), "\(finished)")
        let told = "\(traps.told) files=700 umask=0027"
        for step in ["start: ", "nodes: ", "end: "] { #expect(finished.all.contains(step + told), "\(finished)") }
        #expect(finished.all.components(separatedBy: "nodes: \(told)").count == 3, "\(finished)")
    }

    @Test("A blocked signal stays blocked, one that ends children excepted")
    func mask() async throws {
        let sandbox = try Sandbox()
        let finished = try await Self.shell(
            "exec python3 -c 'import os, signal; signal.pthread_sigmask(signal.SIG_BLOCK, {10, 12, 17}); os.execv(\"\(Sandbox.programs)/muster\", [\"muster\", \"run\", \"\(PythonFlowTests.flow("inherited"))\"])'",
            sandbox)
        #expect(finished.status == .exited(0), "\(finished)")
        #expect(finished.all.contains("end: ignored= blocked=USR1+USR2+CHLD "), "\(finished)")
    }

    @Test("A run that was started with SIGHUP and SIGINT ignored outlives both", arguments: [SIGHUP, SIGINT])
    func ignored(signal: CInt) async throws {
        let sandbox = try Sandbox()
        let file = "\(sandbox.folder)/go"
        let running = Running()
        running.process = try sandbox.reactor.spawn(
            Self.spec(
                "ulimit -Sn 700; trap '' HUP INT; exec \(Sandbox.programs)/muster run \(try sandbox.flow("WaitingFlow")) --file \(file)",
                sandbox),
            onOutput: { _, bytes in running.receive(bytes) }, onExit: { running.end($0) })
        await running.wait(for: "before")
        // The engine itself takes what it may have.
        let limits = try String(contentsOfFile: "/proc/\(try #require(running.process?.pid))/limits", encoding: .utf8)
        let files = limits.split(separator: "\n").first { $0.hasPrefix("Max open files") }?.split(separator: " ")
            .dropFirst(3)
        #expect(files?.first == files?.dropFirst().first, "\(limits)")
        running.process?.signal(signal)
        running.process?.signal(signal)
        try Data().write(to: URL(filePath: file))
        #expect(await running.end() == .exited(0), "\(running.output)")
    }

    @Test(
        "With closed standard streams a run does its work, and no file takes their place",
        arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    func closed(streams: String) async throws {
        let sandbox = try Sandbox()
        _ = try await Self.shell(
            "exec \(Sandbox.programs)/muster run \(try sandbox.flow("LinearFlow")) \(streams)", sandbox)
        #expect(try await sandbox.newest("LinearFlow").record.verdict == .succeeded)
        #expect(sandbox.scratch.isEmpty)
    }

    @Test(
        "A daemon that a flow leaves when it is described is ended, though it has a session of its own and no environment"
    )
    func described() async throws {
        let sandbox = try Sandbox()
        let file = "\(sandbox.folder)/daemon"
        let shown = try await sandbox.muster(
            ["show", PythonFlowTests.flow("inherited")], environment: ["DAEMON_FILE": file])
        #expect(shown.status == .exited(0), "\(shown)")
        let daemon = try #require(
            Int32(try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(ProcessTree.identity(of: daemon) == nil, "the daemon lives on")
    }

    @Test("A shell's own background job is no orphan: it lives on when muster takes the shell's place")
    func jobOfShell() async throws {
        let sandbox = try Sandbox()
        let file = "\(sandbox.folder)/job"
        let finished = try await Self.shell(
            "setsid /bin/sleep 300 >/dev/null 2>&1 & echo $! >\(file); exec \(Sandbox.programs)/muster show \(PythonFlowTests.flow("inherited"))",
            sandbox)
        #expect(finished.status == .exited(0), "\(finished)")
        let job = try #require(
            Int32(try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)))
        #expect(ProcessTree.identity(of: job) != nil, "the job was ended")
        kill(job, SIGKILL)
    }

    // MARK: Helpers

    private static func spec(_ script: String, _ sandbox: Sandbox) -> ProcessSpec {
        let base = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("MUSTER_") || $0.key == "MUSTER_CACHE"
        }
        return ProcessSpec(
            executable: "/bin/bash", arguments: ["-c", script], environment: base, workingDirectory: sandbox.folder,
            newSession: true)
    }

    private static func shell(_ script: String, _ sandbox: Sandbox) async throws -> Finished {
        Finished(try await sandbox.reactor.run(self.spec(script, sandbox)))
    }
}
