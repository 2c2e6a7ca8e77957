import Foundation
import MusterBucket
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore
import MusterTestSupport
import Testing

@Suite struct RunFilesTests {
    private static let attempt = AttemptID(flow: "F", run: "1", step: "train", task: 12, attempt: 0)
    private static let neighbour = AttemptID(flow: "F", run: "1", step: "train", task: 1, attempt: 0)

    private let machines: TwoMachines
    private let uploads: RunUploads
    private let warnings = Heard<String>()

    init() throws {
        self.machines = try TwoMachines()
        let warnings = self.warnings
        self.uploads = RunUploads(
            TwoMachines.key, near: self.machines.first.layout, self.machines.objects, interval: 0.05
        ) { warnings.add($0) }
    }

    private func append(_ text: String, to path: String) throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        let file = try #require(FileHandle(forWritingAtPath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    private func logHere(_ attempt: AttemptID = attempt) -> String {
        self.machines.first.layout.logFile(attempt, node: 0)
    }

    private func logThere(_ attempt: AttemptID = attempt) -> String? {
        try? String(contentsOfFile: self.machines.second.layout.logFile(attempt, node: 0), encoding: .utf8)
    }

    private func mirror(task: Int? = nil) async throws {
        try await self.machines.second.bucket.mirror.fetch(step: "train", task: task, of: TwoMachines.key) { _ in true }
    }

    @Test("A log comes to another machine while it grows, and is complete when the engine has ended")
    func logs() async throws {
        self.uploads.note(.attemptStarted(attempt: Self.attempt, nodes: 1))
        self.uploads.note(.attemptStarted(attempt: Self.neighbour, nodes: 1))
        try await withThrowingTaskGroup(of: Void.self) { group in
            let uploads = self.uploads
            group.addTask { await uploads.keepSending() }
            var text = ""
            for round in 0..<5 {
                text += "line \(round)\n"
                try self.append("line \(round)\n", to: self.logHere())
                try self.append("n", to: self.logHere(Self.neighbour))
                repeat {
                    try await Task.sleep(for: .milliseconds(10))
                    try await self.mirror(task: 12)
                } while self.logThere() != text
            }
            #expect(self.logThere(Self.neighbour) == nil)
            group.cancelAll()
        }
        try self.append("last words\n", to: self.logHere())
        try self.append("{}", to: self.machines.first.layout.reportFile(Self.attempt))
        self.uploads.note(.attemptFinished(attempt: Self.attempt, failure: nil, retryAfter: nil, caughtInto: nil))
        await self.uploads.finish()
        try await self.mirror()
        #expect(self.logThere()?.hasSuffix("line 4\nlast words\n") == true)
        #expect(self.logThere(Self.neighbour) == "nnnnn")
        #expect(
            FileManager.default.contents(atPath: self.machines.second.layout.reportFile(Self.attempt))
                == Data("{}".utf8))
        #expect(self.warnings.all.isEmpty)
    }

    @Test("Pieces of an engine that died and of its successor overlap, and the log is still the same")
    func overlap() async throws {
        let prefix = "runs/F/1/files/train/12.0.node-0.log/"
        for (offset, text) in [(0, "abc"), (3, "def"), (0, "abcde"), (5, "fgh"), (8, "ij")] {
            let number = String(repeating: "0", count: 11) + "\(offset)"
            try await self.machines.objects.put(Data(text.utf8), at: prefix + number)
            try await self.mirror()
        }
        #expect(self.logThere() == "abcdefghij")
        // A piece that has not come yet is waited for.
        try await self.machines.objects.put(Data("z".utf8), at: prefix + "000000000099")
        try await self.mirror()
        #expect(self.logThere() == "abcdefghij")
    }

    @Test("A card that was replaced by one of the same size is the new one there")
    func cards() async throws {
        let card = try #require(CardName("0_default"))
        let here = self.machines.first.layout.cardFile(Self.attempt, node: 0, card)
        self.uploads.note(.attemptStarted(attempt: Self.attempt, nodes: 1))
        for page in ["<p>1</p>", "<p>2</p>"] {
            try? FileManager.default.removeItem(atPath: here)
            try self.append(page, to: here)
            await self.uploads.finish()
            try await self.mirror()
            let there = self.machines.second.layout.cardFile(Self.attempt, node: 0, card)
            #expect(try String(contentsOfFile: there, encoding: .utf8) == page)
        }
    }

    @Test("Bytes that are no text, and a log longer than a piece")
    func large() async throws {
        let bytes = Data((0..<(20 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 7 >> 2) })
        try self.append("", to: self.logHere())
        try bytes.write(to: URL(filePath: self.logHere()))
        self.uploads.note(.attemptStarted(attempt: Self.attempt, nodes: 1))
        await self.uploads.finish()
        try await self.mirror()
        #expect(
            FileManager.default.contents(atPath: self.machines.second.layout.logFile(Self.attempt, node: 0)) == bytes)
        #expect(try await self.machines.objects.objects(prefix: "runs/F/1/files/train/").count == 3)
    }
}
