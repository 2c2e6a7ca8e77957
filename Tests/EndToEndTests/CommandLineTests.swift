import Foundation
import MusterModel
import MusterProcess
import MusterStore
import Testing

/// Every verb in the surroundings that people have: a full disk, no reader, a store that is not theirs.
@Suite(.serialized) struct CommandLineTests {
    /// What prints, for a store with a finished run of `LinearFlow`.
    static let printing = [
        "list", "list --json", "status", "status --json", "logs LinearFlow/latest", "logs LinearFlow/latest --json",
        "dump LinearFlow/latest/start/1", "dump LinearFlow/latest/start/1 --json", "tag list LinearFlow/latest",
        "--help", "--version", "run --help", "show \"$FLOW\"", "show --dot \"$FLOW\"", "check \"$FLOW\"",
        "package list \"$FLOW\"", "run \"$FLOW\"", "run --json \"$FLOW\"",
    ]

    /// A sandbox with a run, and what runs a line of shell in it; `muster` and `FLOW` are known there.
    private func sandbox() async throws -> Sandbox {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("LinearFlow", ["--tag", "first"])
        #expect(finished.status == .exited(0), "\(finished)")
        return sandbox
    }

    @Test("Output that a full disk does not take is an error of its own, whatever the verb")
    func fullDisk() async throws {
        let sandbox = try await self.sandbox()
        for verb in Self.printing {
            let finished = try await sandbox.shell("\"$MUSTER\" \(verb) >/dev/full")
            #expect(finished.status == .exited(5), "\(verb): \(finished)")
            #expect(
                finished.errors.contains("standard output could not be written (No space left on device)"), "\(finished)")
        }
    }

    @Test("A verb whose output nobody reads, or that was started without any, says nothing and succeeds", arguments: [
        "list >&-", "status --json >&-", "run \"$FLOW\" >&- 2>&- <&-", "run \"$FLOW\" | true",
    ])
    func unread(line: String) async throws {
        let sandbox = try await self.sandbox()
        let finished = try await sandbox.shell("set -o pipefail; \"$MUSTER\" \(line)")
        #expect(finished.status == .exited(0), "\(line): \(finished)")
        #expect(finished.errors.isEmpty, "\(finished)")
        let listed = try await sandbox.muster(["list"])
        #expect(listed.output.split(separator: "\n").dropFirst().allSatisfy { $0.contains("succeeded") }, "\(listed)")
    }

    /// How the run before has left its database.
    enum Leaving: CaseIterable {
        case whole
        /// An engine that was killed: its log and the shared memory beside the database.
        case killed
        /// The same, copied without the shared memory.
        case copied
    }

    @Test(
        "A store that this user can only read is listed, shown and dumped, its logs are read, and nothing of it changes",
        .enabled(if: Sandbox.canBeSomebodyElse), arguments: Leaving.allCases)
    func readOnly(leaving: Leaving) async throws {
        let sandbox = try await self.sandbox()
        if leaving != .whole { try await self.leaveLog(in: sandbox) }
        if leaving == .copied { try FileManager.default.removeItem(atPath: "\(sandbox.store)/muster.db-shm") }
        _ = try await sandbox.shell("chmod -R a-w,a+rX .")
        let before = try await sandbox.shell("ls -lR --full-time")
        for (verb, says) in [
            ("list", "LinearFlow/"), ("status LinearFlow/latest", "succeeded"), ("logs LinearFlow/latest", "linear"),
            ("dump LinearFlow/latest/start/1", " = "), ("tag list LinearFlow/latest", "first"),
        ] {
            let finished = try await sandbox.shell("$AS_NOBODY \"$MUSTER\" \(verb)")
            #expect(finished.status == .exited(0), "\(verb): \(finished)")
            #expect(finished.output.contains(says), "\(verb): \(finished)")
        }
        let refused = try await sandbox.shell("$AS_NOBODY \"$MUSTER\" tag add LinearFlow/latest second")
        #expect(refused.status == .exited(4) && refused.errors.contains("read-only for this user"), "\(refused)")
        #expect(try await sandbox.shell("ls -lR --full-time").output == before.output)
        _ = try await sandbox.shell("chmod -R u+w .")
    }

    /// Events of a run that were written and not taken from the log into the database.
    private func leaveLog(in sandbox: Sandbox) async throws {
        let running = try sandbox.start(["run", try sandbox.flow("WaitingFlow"), "--file", "\(sandbox.folder)/never"])
        await running.wait(for: "before")
        running.process?.signal(SIGKILL)
        _ = await running.end()
        for _ in 0..<600 where !sandbox.leftovers(of: "WaitingFlow").isEmpty { try await Task.sleep(for: .milliseconds(100)) }
        let size = try FileManager.default.attributesOfItem(atPath: "\(sandbox.store)/muster.db-wal")[.size] as? Int
        #expect(size ?? 0 > 0)
    }

    @Test("A colleague's run that goes on is seen as running", .enabled(if: Sandbox.canBeSomebodyElse))
    func colleaguesRun() async throws {
        let sandbox = try await self.sandbox()
        let file = "\(sandbox.folder)/go"
        let running = try sandbox.start(["run", try sandbox.flow("WaitingFlow"), "--file", file])
        await running.wait(for: "before")
        _ = try await sandbox.shell("chmod -R go-w,a+rX .")
        let seen = try await sandbox.shell("$AS_NOBODY \"$MUSTER\" list WaitingFlow")
        #expect(seen.status == .exited(0) && seen.output.contains("running"), "\(seen)")
        try Data().write(to: URL(filePath: file))
        #expect(await running.end() == .exited(0), "\(running.output)")
    }

    @Test("An empty log is a log, and a node that there is not is told with the nodes that there are", arguments: [
        ("logs GangFlow/latest/work/2 --node 1", Int32(0), "has written nothing on node 1"),
        ("logs GangFlow/latest/work/2-node-9", 3, "has no node 9; its nodes are 0 to 3"),
        ("logs GangFlow/latest/start/1 --node 1", 3, "has no node 1; it has node 0 alone"),
        ("logs GangFlow/latest/work/2 --attempt 7", 3, "has no attempt 7"),
    ])
    func nodes(verb: String, code: Int32, says: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.run("GangFlow")
        #expect(finished.status == .exited(0), "\(finished)")
        // A node that wrote nothing has no file.
        _ = try await sandbox.shell("rm -f .muster/runs/GangFlow/*/work/2.0.node-1.log")
        let logs = try await sandbox.shell("\"$MUSTER\" \(verb)")
        #expect(logs.status == .exited(code), "\(logs)")
        #expect(logs.errors.contains(says) && logs.output.isEmpty, "\(logs)")
    }

    @Test("Thousands of pickles are shown, one whole, and one that cannot be read is an error that hides no other")
    func pickles() async throws {
        let sandbox = try Sandbox()
        let flow = "\(sandbox.folder)/many.py"
        let source = """
            from metaflow import FlowSpec, step
            class Many(FlowSpec):
                @step
                def start(self):
                    for number in range(20000):
                        setattr(self, f"value{number}", (number, "x"))
                    self.long = [(number,) for number in range(1000)]
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Many()
            """
        try Data(source.utf8).write(to: URL(filePath: flow))
        #expect(try await sandbox.muster(["run", flow]).status == .exited(0))
        let dumped = try await sandbox.muster(["dump", "Many/latest/start/1"])
        #expect(dumped.status == .exited(0), "\(dumped.errors)")
        #expect(dumped.output.contains("value19999 = (19999, 'x')\n"))
        #expect(dumped.output.split(separator: "\n").count == 20001)
        let whole = try await sandbox.muster(["dump", "Many/latest/start/1/long"])
        #expect(whole.output.hasSuffix("(998,), (999,)]\n"), "\(whole.output.suffix(80))")

        let digest = try #require(try await sandbox.newest("Many").machine.tasks[0].results.first?.artifacts["value7"]?.digest)
        let file = sandbox.layout.artifactFile(digest)
        try FileManager.default.removeItem(atPath: file)
        let damaged = try await sandbox.muster(["dump", "Many/latest/start/1"])
        #expect(damaged.status == .exited(1) && damaged.errors.contains("value7 cannot be shown"), "\(damaged.errors)")
        #expect(damaged.output.contains("value7 = (cannot be read)\n") && damaged.output.contains("value8 = (8, 'x')\n"))
    }

    @Test("A command that stands in the database is never run, and a package that lies elsewhere is never read")
    func strangersCommands() async throws {
        let sandbox = try Sandbox()
        let flow = "\(sandbox.folder)/pickled.py"
        let source = """
            from metaflow import FlowSpec, step
            class Pickled(FlowSpec):
                @step
                def start(self):
                    self.pair = (1, 2)
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Pickled()
            """
        try Data(source.utf8).write(to: URL(filePath: flow))
        #expect(try await sandbox.muster(["run", flow]).status == .exited(0))
        let mark = "\(sandbox.folder)/was-run"
        _ = try await sandbox.shell("printf '#!/bin/sh\\ntouch \(mark)\\n' >evil; chmod +x evil; cp evil evil.py")
        let record = try await sandbox.newest("Pickled").record
        for (program, package) in [
            (["\(sandbox.folder)/evil"] + record.program.dropFirst(), record.package),
            ([record.program[0], "\(sandbox.folder)/evil", record.program[2]], record.package),
            (record.program, "../../"),
        ] {
            var changed = record
            changed.program = Array(program)
            changed.package = package
            try await sandbox.replace(changed)
            let dumped = try await sandbox.muster(["dump", "Pickled/latest/start/1"])
            #expect(package == record.package ? dumped.output == "pair = (1, 2)\n" : dumped.status == .exited(1), "\(dumped)")
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }

    @Test("A damaged run is listed as damaged and named, and the others are there all the same", arguments: [
        "UPDATE runs SET record = 'rubbish' WHERE run = ?", "UPDATE runs SET record = 7 WHERE run = ?",
        "UPDATE runs SET record = '{}' WHERE run = ?", "UPDATE runs SET verdict = 'perhaps' WHERE run = ?",
        "UPDATE runs SET flow = '../../etc' WHERE run = ?",
    ])
    func damagedRun(change: String) async throws {
        let sandbox = try await self.sandbox()
        let first = try await sandbox.newest("LinearFlow").record
        #expect(try await sandbox.run("LinearFlow").status == .exited(0))
        try await sandbox.change(change, [first.run])
        let listed = try await sandbox.muster(["list"])
        #expect(listed.status == .exited(4) && listed.errors.contains(first.run), "\(listed)")
        let lines = listed.output.split(separator: "\n")
        #expect(lines.count == 3 && lines[1].contains("succeeded") && lines[2].contains("damaged"), "\(listed)")
        #expect(try await sandbox.muster(["status"]).status == .exited(0), "the newest is whole")
        let status = try await sandbox.muster(["status", first.run])
        #expect(status.status == .exited(4) && status.errors.contains(first.run), "\(status)")
    }

    @Test("Events that are none of this version's, or do not fit, are told with their run", arguments: [
        "UPDATE events SET kind = 'teleported' WHERE sequence = 2 AND run = (SELECT id FROM runs WHERE run = ?)",
        "UPDATE events SET kind = x'ff' WHERE sequence = 2 AND run = (SELECT id FROM runs WHERE run = ?)",
        "UPDATE events SET time = 'noon' WHERE sequence = 2 AND run = (SELECT id FROM runs WHERE run = ?)",
        "UPDATE events SET task = 99 WHERE sequence = 2 AND run = (SELECT id FROM runs WHERE run = ?)",
        "UPDATE events SET payload = '[]' WHERE sequence = 3 AND run = (SELECT id FROM runs WHERE run = ?)",
        "UPDATE events SET payload = 'rubbish' WHERE sequence = 3 AND run = (SELECT id FROM runs WHERE run = ?)",
    ])
    func damagedEvents(change: String) async throws {
        let sandbox = try await self.sandbox()
        let run = try await sandbox.newest("LinearFlow").record.run
        try await sandbox.change(change, [run])
        #expect(try await sandbox.muster(["list"]).status == .exited(0))
        for verb in [["status"], ["logs", "LinearFlow/latest"], ["dump", "LinearFlow/latest/start/1"]] {
            let finished = try await sandbox.muster(verb)
            #expect(finished.status == .exited(4) && finished.errors.contains(run), "\(verb): \(finished)")
        }
    }

    @Test("Names and messages in a store cannot give commands to a terminal")
    func strangersText() async throws {
        let sandbox = try await self.sandbox()
        var record = try await sandbox.newest("LinearFlow").record
        record.user = "eve\u{1B}]0;title\u{7}\nroot"
        try await sandbox.replace(record)
        let listed = try await sandbox.muster(["list"])
        #expect(!listed.output.contains("\u{1B}") && listed.output.contains(#"eve\u{1b}]0;title\u{7}\nroot"#), "\(listed)")
    }
}
