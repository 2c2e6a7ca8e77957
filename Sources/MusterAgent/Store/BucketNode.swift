import FoundationEssentials
import Glibc
import MusterAWS
import MusterCourier
import MusterModel
import MusterObjects
import MusterS3
import MusterStore
import MusterSystem
import MusterWire

/// A node that sees nothing of the store but the bucket that it is in. It has a folder of its own with the store's layout,
/// on which the agent works as on any store; this brings into it what the node needs, and takes out of it what it makes.
///
///     bucket ──order, key, control, stop, code, artifacts──▶ folder ──▶ agent
///     bucket ◀──claim, control, alive, statuses, logs, cards, artifacts, report── folder ◀── agent
final class BucketNode: Sendable {
    /// Seconds between two looks for `stop`.
    private static let look = 1.0
    /// The same for an object without which the gang does not form, at first and later.
    private static let search = (brisk: 0.1, steady: 1.0)
    private static let briskSearches = 200
    /// Seconds between two rounds in which logs and signs of life are sent.
    private static let interval = 1.0

    let layout: StoreLayout
    /// The attempt's objects in the node's own folder.
    let folder: AttemptFolder
    let courier: BucketCourier
    private let objects: any ObjectStore
    let cache: NodeCache
    /// Of the node's own folder.
    private let lock: LockedFolder
    /// The keys of the attempt's objects without their names.
    private let keys: String
    private let uploads: FileUploads
    private let rounds = Rounds()
    private let signals: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation
    /// Work that the agent's loop waits for.
    private let jobs: AsyncStream<@Sendable () async -> Void>
    private let newJob: AsyncStream<@Sendable () async -> Void>.Continuation

    /// - Parameters:
    ///   - order: The address of the attempt's order, as the engine names it (``ObjectAddress``).
    ///   - environment: The place's own, with credentials and settings of AWS.
    convenience init(order: String, environment: [String: String]) throws {
        let address = try ObjectAddress(order)
        let profiles = AWSProfiles(environment: environment)
        let place = try OrderPlace(address.key)
        let settings = try address.settings(prefix: place.prefix, profiles)
        try self.init(
            place, objects: S3ObjectStore(settings, profiles: profiles),
            bucket: "s3://\(address.bucket)/\(place.prefix)",
            folder: environment["TMPDIR"].flatMap { $0.hasPrefix("/") ? $0 : nil } ?? "/tmp")
    }

    /// - Parameters:
    ///   - bucket: Names the store.
    ///   - folder: A folder of this machine with room for what the node reads and makes.
    init(_ place: OrderPlace, objects: any ObjectStore, bucket: String, folder: String) throws {
        self.objects = objects
        self.cache = try NodeCache(of: bucket, in: folder)
        let (root, lock) = try self.cache.makeNode()
        self.lock = lock
        self.layout = StoreLayout(root: root)
        self.keys = BucketLayout.attempts(place.run) + place.attempt
        let run = self.layout.runFolder(flow: place.run.flow, run: place.run.run)
        self.folder = AttemptFolder(prefix: "\(run)/\(place.attempt)")
        try Folder.make(Folder.parent(of: self.folder.prefix))
        self.courier = BucketCourier(objects, near: self.layout)
        let (keys, prefix) = (self.keys, self.folder.prefix)
        self.uploads = FileUploads(objects) { keys + $0.dropFirst(prefix.count) }
        (self.signals, self.signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        (self.jobs, self.newJob) = AsyncStream.makeStream()
    }

    // MARK: - Objects

    /// Brings an object into the folder.
    /// - Returns: False when there is none yet.
    func bring(_ object: AttemptObject) async throws -> Bool {
        guard let data = try await self.objects.find(self.keys + object.name) else { return false }
        try self.folder.write(data, as: object, isSecret: object == .key)
        return true
    }

    /// Makes an object that only one writer can make.
    /// - Returns: False when there is one already.
    func create(_ data: Data, as object: AttemptObject) async throws -> Bool {
        guard try await self.objects.put(data, at: self.keys + object.name, mode: .creating) == .stored else {
            return false
        }
        try self.folder.write(data, as: object)
        return true
    }

    /// The order for this machine: its code is here, and its paths are those of this node.
    func localized(_ order: GangOrder, environment: [String: String]) async throws -> GangOrder {
        guard let carried = order.carried else {
            throw AgentError("the order names no code: it was made for nodes that see the store's folder")
        }
        try await self.courier.fetch(carried.artifacts)
        for package in carried.packages { try await self.courier.fetch(package: package) }
        self.courier.note(order.task.given)
        var order = order
        order.store = self.layout.root
        order.package = self.layout.packageFolder(carried.package)
        if let own = carried.environment {
            order.task.python = try await self.interpreter(of: own, at: order.python, environment)
        } else if carried.program.contains(.python) {
            order.task.python = try Self.python(order.python, environment)
        }
        let python = order.task.python
        order.program = try carried.program.map { try self.word($0, python: python) }
        return order
    }

    private func word(_ word: CarriedCode.Word, python: String?) throws -> String {
        switch word {
        case .text(let text): return text
        case .file(let package, let path): return "\(self.layout.packageFolder(package))/\(path)"
        case .program(let name, let file): return try self.program(name, file)
        // A program that names it has been given one.
        case .python: return python ?? "python3"
        }
    }

    /// An executable copy of the artifact.
    func program(_ name: String, _ file: ArtifactReference) throws -> String {
        guard !name.isEmpty, !name.contains("/"), name != ".." else {
            throw AgentError("'\(name)' cannot be the name of a flow program")
        }
        let path = "\(self.layout.root)/\(NodeCache.programs)/\(file.digest)/\(name)"
        guard FileStatus(path)?.size != file.size else { return path }
        let source = try OpenFile(try ArtifactStore(self.layout).verifiedPath(file), O_RDONLY)
        try ExecutableCopy.make(of: source, at: path, mode: 0o700)
        return path
    }

    // MARK: - While the node lives

    /// Brings and sends until the task is cancelled.
    /// - Parameter incarnation: A worker looks for the control node of this start of the job.
    func follow(index: Int, incarnation: String) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.keepSending() }
            group.addTask {
                await withDiscardingTaskGroup { work in
                    for await job in self.jobs { work.addTask { await job() } }
                }
            }
            group.addTask { [signal] in
                while !Task.isCancelled {
                    // Cancelled, it is over: there is nothing else that a sleep throws.
                    try? await Task.sleep(for: .seconds(Self.interval))
                    signal.yield()
                }
            }
            group.addTask {
                if index == 0 {
                    await self.keepBringing(.stop, every: Self.look) { true }
                } else {
                    // A control point that cannot be read is not the one that is looked for; it is brought again.
                    await self.keepBringing(.control, every: Self.search.brisk) {
                        (try? self.folder.value(ControlPoint.self, of: .control))?.incarnation == incarnation
                    }
                }
            }
        }
    }

    /// Has what was written sent at once.
    func wake() { self.signal.yield() }

    private func keepSending() async {
        var isTold = false
        for await _ in self.signals {
            do {
                try await self.send(toEnd: false)
            } catch {
                // It is tried again with the next round.
                if !isTold, !Task.isCancelled {
                    AgentErrors.print("the node's logs and signs cannot be stored for now: \(error)")
                }
                isTold = true
            }
        }
    }

    private func keepBringing(_ object: AttemptObject, every seconds: Double, until isDone: () -> Bool) async {
        var looks = 0
        while !Task.isCancelled {
            // One that cannot be read now is read again at the next look.
            if (try? await self.bring(object)) == true, isDone() { return }
            looks += 1
            // Only a cancellation ends it early, and the loop with it.
            try? await Task.sleep(
                for: .seconds(looks < Self.briskSearches ? seconds : max(seconds, Self.search.steady)))
        }
    }

    /// Sends everything that is there; the node tells others of its end only then.
    func flush() async throws { try await self.send(toEnd: true) }

    /// Two rounds do not send one file at the same time.
    private func send(toEnd: Bool) async throws {
        try await self.rounds.next {
            let files = self.files()
            try await Parallel.each(files.filter(\.grows)) { try await self.uploads.sendGrowing($0.path, toEnd: toEnd) }
            try await Parallel.each(files.filter { !$0.grows && !$0.isReport }) {
                try await self.uploads.sendWhole($0.path)
            }
            // Whoever reads the report finds everything before it.
            for file in files where file.isReport { try await self.uploads.sendWhole(file.path, mode: .creating) }
        }
    }

    private struct OwnFile {
        let path: String
        let grows: Bool
        let isReport: Bool
    }

    /// The files of the attempt that this node makes.
    private func files() -> [OwnFile] {
        let folder = Folder.parent(of: self.folder.prefix)
        return (Folder.names(in: folder) ?? []).compactMap { name in
            let path = "\(folder)/\(name)"
            let objects = [AttemptObject.control, .alive, .statuses]
            if let object = objects.first(where: { self.folder.path($0) == path }) {
                return OwnFile(path: path, grows: object == .statuses, isReport: false)
            }
            switch AttemptFile(name: name)?.kind {
            case .log, .agentLog: return OwnFile(path: path, grows: true, isReport: false)
            case .card: return OwnFile(path: path, grows: false, isReport: false)
            case .report: return OwnFile(path: path, grows: false, isReport: true)
            case .gang, nil: return nil
            }
        }
    }

    // MARK: - For the agent's loop

    /// Brings artifacts.
    /// - Parameter done: Is given a sentence when they cannot be brought.
    func fetch(_ references: [ArtifactReference], _ done: @escaping @Sendable (_ problem: String?) -> Void) {
        self.perform(done) { try await $0.courier.fetch(references) }
    }

    /// Stores the artifacts that the step has made, so that whoever hears of them finds them.
    func store(_ outcome: NodeOutcome, _ done: @escaping @Sendable (_ problem: String?) -> Void) {
        self.perform(done) { node in
            switch outcome {
            case .succeeded(let result):
                let elements = try result.elements(in: ArtifactStore(node.layout))
                try await node.courier.store(result.references + elements)
            case .failed(_, let left, _): try await node.courier.store(Array((left ?? [:]).values))
            }
        }
    }

    /// Sends everything that the node has written so far.
    func flush(_ done: @escaping @Sendable () -> Void) {
        self.perform { problem in
            if let problem { AgentErrors.print("the node's log is not complete in the store: \(problem)") }
            done()
        } work: {
            try await $0.flush()
        }
    }

    private func perform(
        _ done: @escaping @Sendable (String?) -> Void, work: @escaping @Sendable (BucketNode) async throws -> Void
    ) {
        self.newJob.yield {
            var problem: String?
            do { try await work(self) } catch { problem = "\(error)" }
            done(problem)
        }
    }

    // MARK: - The end

    /// Removes what the node has on this machine.
    func leave() {
        if let problem = FolderRemoval.remove(self.layout.root) { AgentErrors.print(problem) }
        self.cache.leave()
    }
}
