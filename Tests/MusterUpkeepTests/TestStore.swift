import Foundation
import MusterBucket
import MusterCourier
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore
import MusterTestSupport
import MusterUpkeep
import MusterWire

/// Where a store of a test is.
enum Place: CaseIterable, Sendable {
    case folder
    /// A bucket, which is a folder here: it keeps the same rules.
    case bucket
}

/// A store with one machine that uses it.
struct TestStore: Sendable {
    let kept: KeptStore
    let layout: StoreLayout
    /// The folder with everything that is kept: the store itself, or its bucket.
    let root: String
    let artifacts: ArtifactStore
    /// The bucket's objects, by the store that the machine uses; nil of a folder.
    let objects: (any ObjectStore)?

    var metadata: any MetadataStore { self.kept.metadata }

    /// - Parameters:
    ///   - machine: Another one uses the same bucket by another name.
    ///   - through: What stands between the machine and its bucket.
    init(
        _ place: Place, _ folder: TestFolder, _ name: String, machine: String = "machine",
        safety: SafetyTime = .day, through: (FolderObjectStore) -> any ObjectStore = { $0 }
    ) throws {
        let path = "\(folder.path)/\(name)"
        self.layout = StoreLayout(root: place == .folder ? path : "\(path)-\(machine)")
        try self.layout.prepare()
        self.artifacts = ArtifactStore(self.layout, safety: safety)
        let database = try SQLiteMetadata(path: self.layout.database)
        guard place == .bucket else {
            self.root = path
            self.objects = nil
            self.kept = KeptStore(name: path, layout: self.layout, metadata: database)
            return
        }
        self.root = "\(path)-bucket"
        let objects = through(FolderObjectStore(self.root))
        self.objects = objects
        let bucket = Bucket(objects, layout: self.layout, near: database, safety: safety)
        self.kept = KeptStore(
            name: "s3://\(name)", layout: self.layout, metadata: bucket.metadata, bucket: bucket, once: objects)
    }

    // MARK: - Runs

    static let manifest = FlowManifest(
        name: "F", language: "test", folder: "/", parameters: [ParameterManifest(name: "data", kind: .file)],
        steps: [
            StepManifest(name: "start", edges: [.foreach(to: "work")]),
            StepManifest(name: "work", edges: [.step(to: "join")]),
            StepManifest(name: "join", join: JoinManifest(), edges: [.step(to: "end")]),
            StepManifest(name: "end"),
        ])

    static func key(_ run: String) -> RunKey { RunKey(flow: "F", run: run) }

    func artifact(_ text: String) throws -> ArtifactReference {
        try self.artifacts.put(Data(text.utf8), encoding: .data)
    }

    /// A code package of one file.
    func package(_ text: String, _ folder: TestFolder) async throws -> String {
        let source = "source-\(UUID().uuidString)"
        try folder.write("\(source)/flow.py", text)
        try folder.write("\(source)/lib/a.py", "a = 1\n")
        let code = try CodePackage(folder: "\(folder.path)/\(source)").packed()
        try code.keep(in: self.layout)
        try await self.kept.bucket?.courier.store(package: code)
        return code.digest
    }

    /// Makes a run of five tasks with a foreach whose first element is an artifact that only the list names, a parameter that
    /// is a file, logs, a report and tags.
    /// - Parameters:
    ///   - value: Runs of equal values share artifacts.
    ///   - age: Seconds since it was created and since its end.
    @discardableResult
    func run(
        _ run: String, value: String, age: Double = 0, verdict: RunVerdict? = .succeeded, origin: String? = nil,
        tags: [String] = [], in folder: TestFolder
    ) async throws -> RunKey {
        let time = Date().timeIntervalSince1970 - age
        let record = try await self.record(run, value, time, origin, folder)
        try await self.metadata.create(record)
        for (count, event) in try self.events(value).enumerated() {
            try await self.metadata.append([event], to: record.key, at: time + Double(count) / 1000, after: count)
        }
        if let verdict {
            try await self.metadata.append([.ended(verdict: verdict)], to: record.key, at: time + 1, after: nil)
        }
        if !tags.isEmpty { try await self.metadata.changeTags(of: record.key, adding: Set(tags), removing: []) }
        try await self.writeFiles(of: run, value)
        return record.key
    }

    private func record(
        _ run: String, _ value: String, _ time: Double, _ origin: String?, _ folder: TestFolder
    ) async throws -> RunRecord {
        let file = try self.artifact("the file of \(value)")
        return RunRecord(
            flow: "F", run: run, user: "ada", created: time, originRun: origin, program: ["/bin/flow"],
            manifest: Self.manifest,
            parameters: [
                "data": ParameterValue(String(decoding: try JSONEncoder().encode(file), as: UTF8.self))
            ],
            package: try await self.package("print('\(value)')\n", folder), tags: ["first"])
    }

    private func events(_ value: String) throws -> [RunEvent] {
        let element = try self.artifact("an element of \(value)")
        let lines = [try ItemLine.encode(element), Array("2".utf8)].map { $0 + [UInt8(ascii: "\n")] }.flatMap { $0 }
        let list = try self.artifacts.put(Data(lines), encoding: .json)
        let shared = try self.artifact("shared by all")
        func result(_ task: Int, _ transition: Transition, _ items: ArtifactReference? = nil) throws -> RunEvent {
            let own = try self.artifact("\(value) of task \(task)")
            return .attemptSucceeded(
                task: task, attempt: 0,
                nodes: [NodeResult(transition: transition, artifacts: ["own": own, "shared": shared], items: items)])
        }
        return [
            .started, .attemptStarted(task: 1, attempt: 0),
            try result(1, .foreach(to: "work", count: 2), list),
            .attemptStarted(task: 2, attempt: 0), .attemptStarted(task: 3, attempt: 0),
            try result(2, .step(to: "join")), try result(3, .step(to: "join")),
            .attemptStarted(task: 4, attempt: 0), try result(4, .step(to: "end")),
            .attemptStarted(task: 5, attempt: 0), try result(5, .end),
        ]
    }

    /// Two logs, a report and a card, as an engine leaves them.
    private func writeFiles(of run: String, _ value: String) async throws {
        let text = "1700000000000000 0 o 6\nhello\n\n"
        let report = GangReport(failure: nil, nodes: [], started: 1, finished: 2)
        let files = [
            "engine.log": Data(text.utf8), "start/1.0.node-0.log": Data((text + text).utf8),
            "start/1.0.report.json": try JSONEncoder().encode(report),
            "start/1.0.node-0.card-0_default.html": Data("<html>\(value)</html>".utf8),
        ]
        for (path, data) in files {
            if let objects = self.objects {
                let key = "runs/F/\(run)/files/\(path)"
                guard path.hasSuffix(".log") else {
                    try await objects.put(data, at: key)
                    continue
                }
                for (offset, half) in [(0, data.prefix(10)), (10, data.dropFirst(10))] {
                    let number = String(repeating: "0", count: 12 - "\(offset)".count) + "\(offset)"
                    try await objects.put(Data(half), at: "\(key)/\(number)")
                }
            } else {
                let url = URL(filePath: "\(self.layout.runFolder(flow: "F", run: run))/\(path)")
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try data.write(to: url)
            }
        }
    }

    // MARK: - What is there

    /// The faults of a check, one line each.
    func faults(_ runs: [RunKey] = [], repairs: Bool = false) async throws -> [String] {
        let heard = Heard<String>()
        _ = try await StoreCheck(self.kept, repairs: repairs).perform(runs) { heard.add($0.line) }
        return heard.all
    }

    /// Digests of the artifacts that are kept.
    var digests: Set<String> {
        get throws {
            let files = FileManager.default.enumerator(atPath: "\(self.root)/artifacts")
            return Set(
                (files?.allObjects as? [String] ?? []).map { ($0 as NSString).lastPathComponent }.filter {
                    $0.count == 64
                })
        }
    }

    /// Every file below the root, by its path.
    var contents: [String: Data] {
        let paths = FileManager.default.enumerator(atPath: self.root)?.allObjects as? [String] ?? []
        var contents: [String: Data] = [:]
        for path in paths where !path.contains("muster.db") {
            contents[path] = FileManager.default.contents(atPath: "\(self.root)/\(path)")
        }
        return contents
    }

    func runs() async throws -> Set<String> {
        Set(try await self.metadata.listed(flow: nil, limit: nil).map(\.key.run))
    }
}
