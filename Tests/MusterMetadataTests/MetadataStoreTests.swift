import Foundation
import MusterMetadata
import MusterModel
import Testing

@Suite struct MetadataStoreTests {
    static let manifest = FlowManifest(name: "F", language: "test", folder: "/", steps: [])
    static let key = RunKey(flow: "F", run: "1")

    static func record(_ run: String, created: Double = 1) -> RunRecord {
        RunRecord(
            flow: "F", run: run, user: "ada", created: created, program: ["/bin/flow"], manifest: self.manifest,
            parameters: ["epochs": "3"], package: "abc")
    }

    static let result = NodeResult(
        transition: .foreach(to: "score", count: 2),
        artifacts: ["loss": ArtifactReference(digest: "d", size: 8, encoding: .float64)],
        items: ArtifactReference(digest: "i", size: 4, encoding: .json))
    static let failure = TaskFailure(
        code: .signal, message: "killed", node: 2, process: "rank 2", signal: 9, lastLines: ["a", "ünïcode"])
    static let events: [RunEvent] = [
        .started, .attemptStarted(task: 1, attempt: 0), .attemptSubmitted(task: 1, attempt: 0, job: "12;a"),
        .attemptInterrupted(task: 1, attempt: 0),
        .attemptStarted(task: 1, attempt: 1), .attemptFailed(task: 1, attempt: 1, failure: failure, caught: nil),
        .attemptFailed(task: 1, attempt: 2, failure: failure, caught: [result]),
        .attemptSucceeded(task: 2, attempt: 0, nodes: [result, result]),
        .cloned(task: 3, fromRun: "0", fromTask: 7, nodes: [result]), .cancelled(failure: failure),
        .ended(verdict: .cancelled),
    ]

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "muster-metadata-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    @Test("Tags are those that the run began with and what was changed since, in memory and in SQLite")
    func tags() async throws {
        try await self.withFolder { folder in
            let stores: [any MetadataStore] = [InMemoryMetadata(), try SQLiteMetadata(path: "\(folder)/muster.db")]
            for store in stores {
                var record = Self.record("1")
                record.tags = ["b", "a", "b"]
                try await store.create(record)
                #expect(try await store.tags(of: Self.key) == ["a", "b"])
                try await store.changeTags(of: Self.key, adding: ["c", "a"], removing: ["b", "a", "nosuch"])
                #expect(try await store.tags(of: Self.key) == ["a", "c"])
                let missing = RunKey(flow: "F", run: "2")
                await #expect(throws: MetadataError.self) {
                    try await store.changeTags(of: missing, adding: ["x"], removing: [])
                }
            }
        }
    }

    @Test("Every event comes back as it was appended, in order, from memory and from SQLite")
    func roundTrip() async throws {
        try await self.withFolder { folder in
            let sqlite = try SQLiteMetadata(path: "\(folder)/muster.db")
            for store: any MetadataStore in [InMemoryMetadata(), sqlite] {
                try await store.create(Self.record("1"))
                try await store.append(Array(Self.events.prefix(4)), to: Self.key, at: 10)
                try await store.append(Array(Self.events.dropFirst(4)), to: Self.key, at: 11)
                let events = try await store.events(of: Self.key)
                #expect(events.map(\.event) == Self.events)
                #expect(events.first?.time == 10 && events.last?.time == 11)
                let record = try #require(try await store.record(of: Self.key))
                #expect(record.verdict == .cancelled && record.finished == 11)
                #expect(record.parameters == ["epochs": "3"])
            }
        }
    }

    @Test("Events that another engine has continued are not continued, and none of the new ones is stored")
    func conflict() async throws {
        try await self.withFolder { folder in
            let stores: [any MetadataStore] = [InMemoryMetadata(), try SQLiteMetadata(path: "\(folder)/muster.db")]
            for store in stores {
                try await store.create(Self.record("1"))
                try await store.append([.started], to: Self.key, at: 1, after: 0)
                try await store.append([.attemptStarted(task: 1, attempt: 0)], to: Self.key, at: 2, after: 1)
                for count in [0, 1, 3] {
                    let error = await #expect(throws: MetadataError.self) {
                        try await store.append([.ended(verdict: .failed)], to: Self.key, at: 3, after: count)
                    }
                    #expect(error?.code == .conflict)
                }
                #expect(try await store.events(of: Self.key).count == 2)
                #expect(try await store.record(of: Self.key)?.verdict == nil)
            }
        }
    }

    @Test("Runs are listed newest first, of one flow or of all")
    func listing() async throws {
        try await self.withFolder { folder in
            let store = try SQLiteMetadata(path: "\(folder)/muster.db")
            for number in 1...3 { try await store.create(Self.record("\(number)", created: Double(number))) }
            #expect(try await store.records(flow: nil, limit: 2).map(\.run) == ["3", "2"])
            #expect(try await store.records(flow: "G", limit: nil).isEmpty)
            await #expect(throws: MetadataError.self) { try await store.create(Self.record("2")) }
            await #expect(throws: MetadataError.self) {
                try await store.append([.started], to: RunKey(flow: "F", run: "9"), at: 1)
            }
        }
    }

    @Test("Many that open and write one new store together all succeed, and nothing is lost")
    func together() async throws {
        try await self.withFolder { folder in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for run in 0..<8 {
                    group.addTask {
                        let store = try SQLiteMetadata(path: "\(folder)/muster.db")
                        try await store.create(Self.record("\(run)"))
                        for task in 1...50 {
                            let event = RunEvent.attemptStarted(task: task, attempt: 0)
                            try await store.append([event], to: RunKey(flow: "F", run: "\(run)"), at: 1)
                        }
                    }
                }
                try await group.waitForAll()
            }
            let store = try SQLiteMetadata(path: "\(folder)/muster.db")
            for run in 0..<8 {
                #expect(try await store.events(of: RunKey(flow: "F", run: "\(run)")).count == 50)
            }
        }
    }

    @Test("A file that is no database, and a folder that is not there, are named in the error")
    func damaged() async throws {
        try await self.withFolder { folder in
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: "\(folder)/muster.db"))
            let error = #expect(throws: MetadataError.self) { _ = try SQLiteMetadata(path: "\(folder)/muster.db") }
            #expect(error?.code == .corrupt)
            #expect(error?.message.contains("\(folder)/muster.db") == true)
            let missing = #expect(throws: MetadataError.self) {
                _ = try SQLiteMetadata(path: "\(folder)/none/muster.db")
            }
            #expect(missing?.code == .open)
        }
    }
}
