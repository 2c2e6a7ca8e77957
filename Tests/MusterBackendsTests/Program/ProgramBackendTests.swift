import Foundation
import MusterModel
import MusterProcess
import MusterTestKit
import MusterTestSupport
import MusterWire
import Synchronization
import Testing

@testable import MusterBackends

/// A place whose backend is a program: the sample in Python, and programs that do not keep the protocol.
@Suite(.timeLimit(.minutes(10))) struct ProgramBackendTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path(percentEncoded: false)

    private func sample(in folder: TestFolder, patience: Double = 60) async throws -> ProgramBackend {
        try await ProgramBackend(
            name: "processes", path: "\(Self.root)/Examples/Backends/muster-backend-processes",
            reactor: ProcessReactor(),
            environment: ProcessEnvironment.texts.merging(["MUSTER_PROCESSES": "\(folder.path)/jobs"]) { $1 },
            patience: patience, log: { _ in })
    }

    /// A program that is this Python text; `answer(question)` is defined before it.
    private func program(_ text: String, in folder: TestFolder) throws -> String {
        let path = "\(folder.path)/muster-backend-odd"
        let start = """
            #!/usr/bin/env python3
            import json, os, sys, time
            def say(**fields): print(json.dumps(fields), flush=True)
            def hello(question): say(id=question["id"], version=1, name="odd", capabilities={"lookEvery": 3})

            """
        try (start + text).write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        return path
    }

    private func odd(
        _ text: String, in folder: TestFolder, patience: Double = 60,
        log: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws(BackendError) -> ProgramBackend {
        let path: String
        let reactor: ProcessReactor
        do {
            path = try self.program(text, in: folder)
            reactor = try ProcessReactor()
        } catch {
            throw BackendError(message: "\(error)", isTransient: false)
        }
        return try await ProgramBackend(
            name: "odd", path: path, reactor: reactor, environment: ProcessEnvironment.texts, patience: patience,
            log: log)
    }

    private static let job = BackendJob(id: "1", name: "mu-x")

    @Test("The sample keeps every promise of a backend")
    func conformance() async throws {
        let folder = try TestFolder()
        let shared = "\(folder.path)/shared"
        try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
        let backend = try await self.sample(in: folder)
        #expect(await BackendConformance(backend, shared: shared, patience: 60).problems() == [])
    }

    @Test("Questions and answers are those of the golden conversation")
    func golden() throws {
        let text = try String(contentsOfFile: "\(Self.root)/Tests/Golden/backend/conversation.jsonl", encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        let attempt = AttemptID(flow: "F", run: "1", step: "train", task: 2, attempt: 0)
        var launch = GangLaunch(
            attempt: attempt, name: "mu-abcdefgh-train-2-0", nodes: 2,
            resources: Resources(cpu: 3, gpu: 0, memory: 0), command: ["true"], place: PlaceSettings(name: "processes"))
        var wrong = launch
        wrong.place.options["nise"] = .int(5)
        let answers = try lines.enumerated().filter { $0.offset % 2 == 1 }.map {
            try LineCoding.decode(ProgramAnswer.self, from: Data($0.element.utf8))
        }
        let request = try #require(answers[1].request)
        let job = try #require(answers[4].job)
        let questions: [ProgramQuestion] = [
            .hello(version: 1), .request(launch), .request(wrong), .look([BackendJob(id: "7", name: "mu-x")]),
            .submit(request), .look([job]), .cancel(job), .cancel(BackendJob(id: "", name: "mu-nobody")),
            .find(flow: "F", run: "1"),
        ]
        for (index, question) in questions.enumerated() {
            let line = try LineCoding.encode(NumberedQuestion(id: index + 1, question: question))
            #expect(String(decoding: line, as: UTF8.self) == lines[index * 2] + "\n")
        }
        launch.nodes = 3
        #expect(answers[0].capabilities?.largestGang == 64 && answers[0].name == "processes")
        #expect(answers[2].error?.error.code == .options)
        #expect(
            answers[5].states?.first?.state == .ended(JobEnd(kind: .completed, reason: "all nodes have ended")))
        #expect(answers[9].error?.error.code == .answer)
    }

    @Test("The sample answers the golden conversation")
    func sampleAnswers() async throws {
        let text = try String(contentsOfFile: "\(Self.root)/Tests/Golden/backend/conversation.jsonl", encoding: .utf8)
        let lines = text.split(separator: "\n").map(String.init)
        let folder = try TestFolder()
        // A job of the name that has ended: nothing is started.
        let done = "\(folder.path)/jobs/mu-abcdefgh-train-2-0"
        try FileManager.default.createDirectory(atPath: done, withIntermediateDirectories: true)
        try "{\"nodes\": 2, \"attempt\": {\"flow\": \"F\", \"run\": \"1\"}}"
            .write(toFile: "\(done)/job.json", atomically: true, encoding: .utf8)
        for node in 0..<2 { try "0\n".write(toFile: "\(done)/node-\(node).exit", atomically: true, encoding: .utf8) }
        let questions = lines.enumerated().filter { $0.offset % 2 == 0 }.map(\.element).joined(separator: "\n") + "\n"
        let outcome = try await ProcessReactor().run(
            ProcessSpec(
                executable: "\(Self.root)/Examples/Backends/muster-backend-processes",
                environment: ProcessEnvironment.texts.merging(["MUSTER_PROCESSES": "\(folder.path)/jobs"]) { $1 }),
            input: Array(questions.utf8))
        let answers = String(decoding: outcome.standardOutput, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(answers == lines.enumerated().filter { $0.offset % 2 == 1 }.map(\.element))
    }

    @Test("A program that is not there, of another version or of another name is refused, and why is told")
    func refused() async throws {
        let folder = try TestFolder()
        await #expect(throws: BackendError.self) {
            try await ProgramBackend(
                name: "odd", path: "\(folder.path)/nowhere", reactor: ProcessReactor(), environment: [:], log: { _ in })
        }
        for (text, words) in [
            ("for line in sys.stdin: say(id=1, version=2, name='odd', capabilities={})", "speaks version 2"),
            ("for line in sys.stdin: say(id=1, version=1, name='other', capabilities={})", "calls itself 'other'"),
            ("sys.exit(3)", "ended with exit code 3"),
            ("for line in sys.stdin: say(id=1, error={'code': 'backend.missing', 'message': 'no key'})", "no key"),
        ] {
            let error = await #expect(throws: BackendError.self) { try await self.odd(text, in: folder) }
            #expect(error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }

    @Test("A program that hangs leaves everything unknown, and late answers change nothing")
    func hangs() async throws {
        let folder = try TestFolder()
        let backend = try await self.odd(
            """
            for line in sys.stdin:
                question = json.loads(line)
                if question["ask"] == "hello": hello(question)
                elif question["ask"] == "look": time.sleep(3); say(id=question["id"], states=[])
                else: say(id=question["id"], jobs=[])
            """, in: folder, patience: 1)
        let error = await #expect(throws: BackendError.self) { try await backend.look(at: [Self.job]) }
        #expect(error?.code == .unreachable && error?.isTransient == true, "\(String(describing: error))")
        try await Task.sleep(for: .seconds(3))
        #expect(try await backend.find(flow: "F", run: "1") == [])
    }

    @Test("A program that dies is started again at the next question")
    func dies() async throws {
        let folder = try TestFolder()
        let backend = try await self.odd(
            """
            for line in sys.stdin:
                question = json.loads(line)
                if question["ask"] == "hello": hello(question)
                elif question["ask"] == "look": os._exit(1)
                else: say(id=question["id"], jobs=[])
            """, in: folder)
        for _ in 0..<3 {
            let error = await #expect(throws: BackendError.self) { try await backend.look(at: [Self.job]) }
            #expect(error?.code == .unreachable && error?.isTransient == true, "\(String(describing: error))")
            #expect(try await backend.find(flow: "F", run: "1") == [])
        }
    }

    @Test("Lines that fit no protocol are logged and harm nothing; an error of a later version does not fit")
    func garbage() async throws {
        let folder = try TestFolder()
        let log = Mutex<[String]>([])
        let backend = try await self.odd(
            """
            print("out of order"); print("for people", file=sys.stderr, flush=True)
            for line in sys.stdin:
                question = json.loads(line)
                if question["ask"] == "hello": hello(question)
                elif question["ask"] == "find": say(id=question["id"], error={"code": "backend.new", "message": "?"})
                elif question["ask"] == "look": say(id=question["id"])
                else: print("[1,2"); say(id=question["id"])
            """, in: folder, log: { line in log.withLock { $0.append(line) } })
        #expect(backend.capabilities == BackendCapabilities(lookEvery: 3))
        let error = await #expect(throws: BackendError.self) { try await backend.find(flow: "F", run: "1") }
        #expect(error?.code == .answer)
        let looked = await #expect(throws: BackendError.self) { try await backend.look(at: [Self.job]) }
        #expect(looked?.message.contains("left out 'states'") == true)
        try await backend.cancel(Self.job)
        let lines = log.withLock { $0 }
        for text in ["out of order", "odd: for people", "[1,2"] {
            #expect(lines.contains { $0.contains(text) }, "\(lines)")
        }
    }
}
