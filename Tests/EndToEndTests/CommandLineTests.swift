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
                finished.errors.contains("standard output could not be written (No space left on device)"),
                "\(finished)")
        }
    }

    @Test(
        "A verb whose output nobody reads, or that was started without any, says nothing and succeeds",
        arguments: [
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
        for _ in 0..<600 where !sandbox.leftovers(of: "WaitingFlow").isEmpty {
            try await Task.sleep(for: .milliseconds(100))
        }
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

    @Test(
        "A verb that needs a store does not make one where there is none",
        arguments: [
            "list", "status Flow/1", "logs Flow/1", "dump Flow/1/start/1", "tag list Flow/1", "cancel Flow/1",
            "resume \"$FLOW\"", "card list Flow/1/start/1",
        ])
    func noStore(verb: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.shell("\"$MUSTER\" \(verb) --store nosuch")
        #expect(finished.status == .exited(3), "\(finished)")
        #expect(finished.errors.contains("there is no store at \(sandbox.folder)/nosuch"), "\(finished)")
        #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/nosuch"))
    }

    @Test(
        "An empty log is a log, and a node that there is not is told with the nodes that there are",
        arguments: [
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

        let digest = try #require(
            try await sandbox.newest("Many").machine.tasks[0].results.first?.artifacts["value7"]?.digest)
        let file = sandbox.layout.artifactFile(digest)
        try FileManager.default.removeItem(atPath: file)
        let damaged = try await sandbox.muster(["dump", "Many/latest/start/1"])
        #expect(damaged.status == .exited(1) && damaged.errors.contains("value7 cannot be shown"), "\(damaged.errors)")
        #expect(
            damaged.output.contains("value7 = (cannot be read)\n") && damaged.output.contains("value8 = (8, 'x')\n"))
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
            #expect(
                package == record.package ? dumped.output == "pair = (1, 2)\n" : dumped.status == .exited(1),
                "\(dumped)")
            #expect(!FileManager.default.fileExists(atPath: mark))
        }
    }

    @Test(
        "A damaged run is listed as damaged and named, and the others are there all the same",
        arguments: [
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

    @Test(
        "Events that are none of this version's, or do not fit, are told with their run",
        arguments: [
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
        #expect(
            !listed.output.contains("\u{1B}") && listed.output.contains(#"eve\u{1b}]0;title\u{7}\nroot"#), "\(listed)")
    }

    @Test("What few need is asked of nobody: flows run without a home, and for a user whom the system does not know")
    func homeless() async throws {
        let sandbox = try Sandbox()
        let flow = "\(sandbox.folder)/plain.py"
        try Data(Self.failing.utf8).write(to: URL(filePath: flow))
        _ = try await sandbox.shell("mkdir first second; chmod -R a+rwX .")
        let bare = "env -i PATH=\"$PATH\" \"$MUSTER\""
        var ways = [bare]
        if Sandbox.canBeSomebodyElse { ways.append("$AS_NOBODY \"$MUSTER\"") }
        for (way, (folder, user)) in zip(ways, [("first", nil), ("second", "54321")]) {
            for flow in ["\"$FLOW\"", "\(flow) --quietly yes"] {
                let finished = try await sandbox.shell("cd \(folder); \(way) run \(flow)")
                #expect(finished.status == .exited(0), "\(way) \(flow): \(finished)")
            }
            let listed = try await sandbox.shell(
                "cd \(folder); \(way) list --json; \(way) dump Failing/latest/start/1/user")
            #expect(listed.status == .exited(0), "\(listed)")
            guard let user else { continue }
            #expect(
                listed.output.contains("\"user\" : \"\(user)\"") && listed.output.hasSuffix("\(user)'\n"), "\(listed)")
        }
    }

    /// Fails unless it is told not to.
    static let failing = """
        from metaflow import FlowSpec, Parameter, current, step
        class Failing(FlowSpec):
            quietly = Parameter("quietly", default="")
            @step
            def start(self):
                self.user = current.username
                self.next(self.end)
            @step
            def end(self):
                if not self.quietly:
                    raise ValueError("on purpose")
        if __name__ == "__main__":
            Failing()
        """

    @Test(
        "The command that is shown after a failure goes on with that run when it is pasted",
        arguments: [
            ("python3 'a flow.py' run", "failing"), ("python3 -u 'a flow.py' --with retry:times=0 run", "failing"),
            ("\"$MUSTER\" run 'a flow.py' --store 'my store'", "failing"), ("./BranchFlow run --clash", "BranchFlow"),
            ("\"$MUSTER\" run ./BranchFlow --clash", "BranchFlow"),
        ])
    func hint(command: String, flow: String) async throws {
        let sandbox = try Sandbox()
        if flow == "BranchFlow" { _ = try sandbox.flow(flow) }
        try Data(Self.failing.utf8).write(to: URL(filePath: "\(sandbox.folder)/a flow.py"))
        let environment = [
            "PYTHONPATH": "\(PythonFlowTests.root)/Python/muster/shim:\(PythonFlowTests.root)/Python",
            "MUSTER_COMMAND": "\(Sandbox.programs)/muster",
        ]
        let failed = try await sandbox.shell(command, environment: environment)
        #expect(failed.status == .exited(1), "\(failed)")
        let hint = try #require(failed.output.components(separatedBy: "go on with: ").last)
        let words = hint.split(whereSeparator: \.isWhitespace).map(String.init)
        let run = words[try #require(words.firstIndex(of: "--origin-run-id")) + 1]
        let resumed = try await sandbox.shell(hint, environment: environment)
        #expect(resumed.status == .exited(1), "it fails again: \(hint) \(resumed)")
        let goesOn = resumed.output.contains("started, resuming " + run + "\n")
        #expect(goesOn && resumed.output.contains("taken over"), "\(hint) \(resumed)")
        #expect(failed.output.components(separatedBy: "Traceback").count <= 2, "told once: \(failed)")
    }

    @Test(
        "A run whose database goes away ends with an error that says so",
        arguments: [
            "rm .muster/muster.db", "mv .muster/muster.db gone; cp gone .muster/muster.db", "mv .muster gone",
        ])
    func databaseGone(line: String) async throws {
        let sandbox = try Sandbox()
        let file = "\(sandbox.folder)/go"
        let running = try sandbox.start(["run", try sandbox.flow("WaitingFlow"), "--file", file])
        await running.wait(for: "before")
        #expect(try await sandbox.shell(line).status == .exited(0))
        try Data().write(to: URL(filePath: file))
        #expect(await running.end() == .exited(4), "\(running.output)")
        #expect(running.output.contains("muster.db was deleted or replaced"), "\(running.output)")
        for _ in 0..<600 where !sandbox.leftovers(of: "WaitingFlow").isEmpty {
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(sandbox.leftovers(of: "WaitingFlow").isEmpty)
    }

    @Test(
        "What is refused before it begins is not recorded, or recorded as failed, and never as interrupted",
        arguments: [
            ("--run-id-file nosuch/id", [:], "nosuch"), ("", ["MUSTER_MEMORY": "64X"], "MUSTER_MEMORY is '64X'"),
            ("", ["MUSTER_CPUS": "0"], "MUSTER_CPUS is '0'; it has to be a whole number, 1 or more"),
            ("", ["MUSTER_GPUS": "-1"], "MUSTER_GPUS is '-1'"),
            ("", ["MUSTER_AGENT": "/nosuch"], "MUSTER_AGENT names /nosuch"),
            ("--run-id-file .", [:], "the run's id cannot be written to ."),
        ] as [(String, [String: String], String)])
    func refused(options: String, environment: [String: String], says: String) async throws {
        let sandbox = try Sandbox()
        let finished = try await sandbox.shell("\"$MUSTER\" run \"$FLOW\" \(options)", environment: environment)
        #expect(finished.status == .exited(2) && finished.errors.contains(says), "\(finished)")
        let listed = try await sandbox.muster(["list"])
        #expect(!listed.output.contains("interrupted"), "\(listed)")
    }

    @Test(
        "GPUs that are not there are refused before the first step, unless none are to be reserved; memory is not refused"
    )
    func resources() async throws {
        let sandbox = try Sandbox()
        let source = """
            from metaflow import FlowSpec, batch, resources, step
            class Large(FlowSpec):
                @batch(gpu=3, cpu=200)
                @step
                def start(self):
                    self.next(self.train)
                @resources(gpu=2, memory=3000000)
                @step
                def train(self):
                    self.next(self.end)
                @step
                def end(self):
                    print("large: done")
            if __name__ == "__main__":
                Large()
            """
        try Data(source.utf8).write(to: URL(filePath: "\(sandbox.folder)/large.py"))
        let machine = ["MUSTER_GPUS": "1", "MUSTER_CPUS": "8", "MUSTER_MEMORY": "64G"]
        let refused = try await sandbox.shell("\"$MUSTER\" run large.py", environment: machine)
        #expect(refused.status == .exited(2), "\(refused)")
        #expect(
            refused.errors.contains(
                "step train cannot run here: @resources(gpu=2) asks for 2 GPUs, and this machine has 1; `--without-gpus`"
            ),
            "\(refused)")
        #expect(try await sandbox.muster(["list"]).output == "no runs\n")
        let finished = try await sandbox.shell("\"$MUSTER\" run large.py --without-gpus", environment: machine)
        #expect(finished.status == .exited(0) && finished.output.contains("large: done"), "\(finished)")
        let warnings = finished.output.split(separator: "\n").filter { $0.contains("warning: step") }
        #expect(warnings.count == 2, "\(warnings)")
        #expect(
            warnings[0].hasSuffix("step start asks for 200 cpus elsewhere, and gets 8 on this machine"), "\(warnings)")
        #expect(
            warnings[1].contains(
                "step train asks for 2929.7 GiB of memory, and this machine has 64 GiB: it runs alone"), "\(warnings)")
    }

    @Test("A line that does not end takes no memory, in a run, in JSON and in its log")
    func endlessLine() async throws {
        let sandbox = try Sandbox()
        let source = """
            import os
            from metaflow import FlowSpec, step
            class Endless(FlowSpec):
                @step
                def start(self):
                    for _ in range(300):
                        os.write(1, b"x" * (1 << 20))
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Endless()
            """
        try Data(source.utf8).write(to: URL(filePath: "\(sandbox.folder)/endless.py"))
        for (verb, bytes) in [
            ("run endless.py", 300), ("run --json endless.py", 300), ("logs Endless/latest --follow", 300),
            ("logs Endless/latest --json", 300),
        ] {
            // Kibibytes at most, then what was printed.
            let measured = try await sandbox.shell(
                "python3 -c 'import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)' \"$MUSTER\" \(verb) | wc -c"
            )
            let printed = Int(measured.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
            let peak = Int(measured.errors.trimmingCharacters(in: .whitespacesAndNewlines)) ?? .max
            #expect(printed >= bytes << 20 && peak < 200 << 10, "\(verb): \(measured)")
        }
    }
}
