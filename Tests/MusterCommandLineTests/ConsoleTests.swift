import ArgumentParser
import Foundation
import MusterModel
import MusterStore
import Testing

@testable import MusterCommandLine

private let attempt = AttemptID(flow: "Digits", run: "1", step: "train", task: 2, attempt: 0)
private let started = EngineObservation.runStarted(
    run: RunSummary(flow: "Digits", run: "1", steps: ["start", "train", "join", "end"], store: "/store"))

@Suite struct ConsoleTests {
    @Test("Every fact of a run becomes lines that name their task and node")
    func plain() {
        var messages = PlainMessages(resume: "muster resume digits.py --origin-run-id 1")
        let failure = TaskFailure(code: .exit, message: "rank 3 left with exit code 7", node: 2, lastLines: ["boom"])
        let observations: [EngineObservation] = [
            started, .tasksReused(step: "start", count: 1), .attemptStarted(attempt: attempt, nodes: 4),
            .nodeState(attempt: attempt, node: 2, state: .failed),
            .attemptFinished(attempt: attempt, failure: failure, retryAfter: 90, caughtInto: nil),
            .cancelling(reason: "Ctrl-C"), .runFinished(outcome: .cancelled(reason: "Ctrl-C")),
        ]
        #expect(
            observations.flatMap { messages.messages(for: $0) }.map(\.text) == [
                "run Digits/1 started", "start: 1 finished task taken over", "train/2 started on 4 nodes",
                "train/2[2] failed", "train/2[2] failed: rank 3 left with exit code 7", "train/2[2] | boom",
                "train/2 is tried again in 1 min 30 s", "stopping the run: Ctrl-C",
                "run Digits/1 was cancelled: Ctrl-C",
            ])
    }

    @Test("The live view shows steps, the gang's nodes with their states, and the time, within the terminal's width")
    func live() {
        var view = LiveView()
        view.apply(started, at: 100)
        view.apply(.tasksReused(step: "start", count: 1), at: 100)
        view.apply(.attemptStarted(attempt: attempt, nodes: 3), at: 104)
        view.apply(.nodeState(attempt: attempt, node: 1, state: .joined), at: 105)
        view.apply(.nodeState(attempt: attempt, node: 9, state: .joined), at: 105)
        #expect(
            view.frame(columns: 80, rows: 24, at: 112) == [
                "── Digits/1 · 12 s", "  ✓ start  1 taken over", "  ▶ train  1 running",
                "      train/2  [0] starting [1] joined [2] starting  8.0 s", "  · join", "  · end",
            ])
        for columns in [1, 10, 30] {
            #expect(
                view.frame(columns: columns, rows: 24, at: 112).allSatisfy {
                    $0.count < max(columns, 1) || columns == 1
                })
        }
        #expect(view.frame(columns: 80, rows: 4, at: 112).count == 3)
        view.apply(.attemptFinished(attempt: attempt, failure: nil, retryAfter: nil, caughtInto: nil), at: 113)
        #expect(view.frame(columns: 80, rows: 24, at: 113)[2] == "  ✓ train  1 done")
    }

    @Test("Large gangs are shown by their states, many gangs by their number")
    func large() {
        var view = LiveView()
        view.apply(started, at: 0)
        view.apply(.attemptStarted(attempt: attempt, nodes: 64), at: 0)
        for node in 0..<60 { view.apply(.nodeState(attempt: attempt, node: node, state: .running), at: 0) }
        #expect(view.frame(columns: 80, rows: 24, at: 1)[3] == "      train/2  64 nodes: 4 starting, 60 running  1.0 s")
        for task in 3..<20 {
            view.apply(
                .attemptStarted(
                    attempt: AttemptID(flow: "Digits", run: "1", step: "train", task: task, attempt: 0), nodes: 1),
                at: 0)
        }
        #expect(view.frame(columns: 80, rows: 24, at: 1).contains("      … and 12 more"))
    }

    @Test(
        "What a program wrote cannot disturb the live view",
        arguments: [
            ("\r10%\r20%", "20%"), ("a\u{1B}[2Jb", "ab"), ("\u{1B}[31mred\u{1B}[0m", "\u{1B}[31mred\u{1B}[0m\u{1B}[0m"),
            ("tab\there", "tab    here"), ("bell\u{7}", "bell"), ("cut\u{1B}[", "cut"),
        ])
    func harmless(written: String, shown: String) {
        #expect(TerminalText.shown(Data(written.utf8)) == shown)
    }

    @Test("JSON lines tell the same facts, and output that is no UTF-8 in base64")
    func json() throws {
        let line = try #require(JSONEvents.line(for: .nodeState(attempt: attempt, node: 1, state: .running), at: 5))
        #expect(line == #"{"attempt":0,"event":"node","node":1,"state":"running","step":"train","task":2,"time":5}"#)
        let output = LogLine(time: 2_000_000, process: 0, stream: .standardError, bytes: Data([0xFF]), isComplete: true)
        #expect(try #require(JSONEvents.line(for: output, attempt, node: 3)).contains(#""base64":"/w==""#))
    }

    @Test("A terminal gets the live view, a pipe plain lines, and options win")
    func style() {
        let choose = { ConsoleStyle.choose(json: $0, quiet: $1, isTerminal: $2, environment: ["TERM": $3]) }
        #expect(choose(false, false, true, "xterm") == .live)
        #expect(choose(false, false, true, "dumb") == .plain)
        #expect(choose(false, false, false, "xterm") == .plain)
        #expect(choose(true, false, true, "xterm") == .json)
        #expect(choose(false, true, true, "xterm") == .quiet)
    }

    @Test("A failure repeats no lines that stand right above it, and all that do not")
    func unrepeated() {
        let failure = TaskFailure(code: .exit, message: "no", node: 0, lastLines: ["Traceback", "ValueError: no"])
        var shown = ShownLines()
        for line in ["before", "Traceback", "ValueError: no  \r"] { shown.note(line, from: "train/2[0]") }
        shown.note("of another node", from: "train/2[1]")
        #expect(shown.unrepeated(failure, of: "train/2[0]").lastLines.isEmpty)
        #expect(shown.unrepeated(failure, of: "train/2[1]") == failure)
        var long = ShownLines()
        long.note(String(repeating: "ü", count: 5000), from: "train/2[0]")
        let cut = TaskFailure(code: .exit, message: "no", lastLines: [String(repeating: "ü", count: 199) + "\u{FFFD}"])
        #expect(
            long.unrepeated(cut, of: "train/2[0]").lastLines.isEmpty, "a line that a failure has cut is the same line")
        for _ in 0..<100 { shown.note("much more", from: "train/2[1]") }
        #expect(shown.unrepeated(failure, of: "train/2[0]") == failure, "it is far up by now")
    }

    @Test(
        "The command after a failure is the one that a person called, whole and quoted for a shell",
        arguments: [
            (
                ["--called-as=python", "--called-as=my flow.py", "--program", "/a/my flow.py"], [], [],
                "python 'my flow.py' resume --origin-run-id 7"
            ),
            ([], [], ["--store", "it's here"], "./muster resume flow.py --origin-run-id 7 --store 'it'\\''s here'"),
            (
                ["--with", "retry:times=2", "--flow-option=--config"], ["--without-gpus"], [],
                "./muster resume flow.py --origin-run-id 7 --with retry:times=2 --flow-option=--config --without-gpus"
            ),
            (["--program", "/a/flow"], [], [], "./muster resume /a/flow --origin-run-id 7"),
        ] as [([String], [String], [String], String)])
    func resumeCommand(flow: [String], run: [String], store: [String], line: String) throws {
        let options = try FlowOptions.parse(flow)
        let command = ResumeCommand(
            flow: options.program == nil ? "flow.py" : nil, options, try RunOptions.parse(run),
            try StoreOptions.parse(store),
            command: "./muster")
        #expect(command.line(run: "7") == line)
    }

    @Test("However much a log holds, its lines come some at a time, long ones in pieces")
    func boundedTail() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "muster-tail-\(UUID().uuidString).log").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        let writer = try LogWriter(path: path)
        let total = 40 << 20
        let piece = [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 16)
        for _ in 0..<(total / piece.count) {
            _ = try piece.withUnsafeBytes { try writer.append(process: 0, stream: .standardOutput, bytes: $0) }
        }
        var tail = LogTail(attempt: attempt, node: 0, path: path)
        var seen = 0
        try tail.read(isFinal: false) { lines in
            let size = lines.reduce(0) { $0 + $1.bytes.count }
            #expect(size <= 2 << 20)
            seen += size
        }
        try tail.read(isFinal: true) { lines in seen += lines.reduce(0) { $0 + $1.bytes.count } }
        #expect(seen == total)
    }
}
