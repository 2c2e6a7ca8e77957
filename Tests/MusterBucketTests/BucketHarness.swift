import Foundation
import MusterBucket
import MusterMetadata
import MusterModel
import MusterObjects
import MusterStore
import MusterSystem
import MusterTestSupport
import Synchronization

/// Two machines with one bucket, which is a folder here: it keeps the same rules.
struct TwoMachines {
    let folder: TestFolder
    let objects: FolderObjectStore
    let first: Machine
    let second: Machine

    init() throws {
        self.folder = try TestFolder()
        self.objects = FolderObjectStore("\(self.folder.path)/bucket")
        self.first = try Machine("\(self.folder.path)/first", self.objects)
        self.second = try Machine("\(self.folder.path)/second", self.objects)
    }

    static let manifest = FlowManifest(name: "F", language: "test", folder: "/", steps: [])
    static let key = RunKey(flow: "F", run: "1")

    static func record(_ run: String = "1", created: Double = 1) -> RunRecord {
        RunRecord(
            flow: "F", run: run, user: "ada", created: created, program: ["/bin/flow"], manifest: self.manifest,
            parameters: [:], package: "abc")
    }
}

/// One machine's view of the bucket.
struct Machine {
    let layout: StoreLayout
    let artifacts: ArtifactStore
    let near: SQLiteMetadata
    let bucket: Bucket

    var metadata: BucketMetadata { self.bucket.metadata }

    init(_ path: String, _ objects: any ObjectStore) throws {
        self.layout = StoreLayout(root: path)
        try self.layout.prepare()
        self.artifacts = ArtifactStore(self.layout)
        self.near = try SQLiteMetadata(path: self.layout.database)
        self.bucket = Bucket(objects, layout: self.layout, near: self.near)
    }

    /// A text as an artifact of this machine.
    func artifact(_ text: String) throws -> ArtifactReference {
        try self.artifacts.put(Data(text.utf8), encoding: .data)
    }
}

/// Collects the arguments of calls, from any thread.
final class Heard<Value: Sendable>: Sendable {
    private let values = Mutex<[Value]>([])

    var all: [Value] { self.values.withLock { $0 } }

    func add(_ value: Value) { self.values.withLock { $0.append(value) } }
}
