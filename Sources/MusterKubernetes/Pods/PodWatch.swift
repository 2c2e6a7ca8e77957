import Foundation
import MusterBackends
import Synchronization

/// Keeps the pods of one run in mind, by one watch. It begins with the first question, and ends when nobody has asked for a
/// while, or when its owner goes.
///
///     list ──▶ watch ──answer ends──▶ watch … ──410, half a line──▶ list
///                └──no answer: nothing is known until the next one──▶ watch
final class PodWatch: Sendable {
    /// Seconds after which the server ends an answer by itself.
    private static let length = 300
    /// Seconds without a question after which nobody listens.
    private static let patience = 120.0
    /// Seconds that an answer lasts at least, unless something is wrong.
    private static let shortest = 5.0
    /// Pods in one answer of a list.
    private static let page = 500
    /// Seconds between two tries to be answered, at first and at most.
    private static let pauses = (first: 0.5, longest: 15.0)

    /// What the task and its owner share. The task holds nothing else of the owner's, so that it ends with it.
    private final class Shared: Sendable {
        struct State {
            var cache = PodCache()
            /// The pods are those of this moment, as far as anybody knows.
            var isKnown = false
            /// Why they are not.
            var problem: String?
            var asked = ContinuousClock.now
        }
        let state = Mutex(State())
    }

    private let shared = Shared()
    private let task = Mutex<Task<Void, Never>?>(nil)
    private let beginnings = SharedWork<Bool>()
    private let client: KubernetesClient
    private let path: String
    private let selector: String

    init(_ client: KubernetesClient, namespace: String, run: String) {
        self.client = client
        self.path = "/api/v1/namespaces/\(namespace)/pods"
        self.selector = "\(GangLabels.run)=\(run)"
    }

    deinit { self.task.withLock { $0?.cancel() } }

    /// The pods as they are now. The first question waits for the first answer.
    /// - Throws: A ``BackendError`` while the server does not tell.
    func pods() async throws(BackendError) -> PodCache {
        self.shared.state.withLock { $0.asked = .now }
        // A list that comes after the watch has begun would undo what that has told.
        if !self.isListening { _ = try await self.beginnings.once("list") { await self.begin() } }
        let (cache, isKnown, problem) = self.shared.state.withLock { ($0.cache, $0.isKnown, $0.problem) }
        guard isKnown else {
            throw BackendError(
                code: .unreachable, message: problem ?? "the API server has not told yet which pods there are",
                isTransient: true)
        }
        return cache
    }

    private var isListening: Bool { self.task.withLock { $0 != nil } }

    private func begin() async -> Bool {
        guard !self.isListening else { return true }
        Self.take(await Self.list(self.client, self.path, self.selector), self.shared)
        self.listen()
        return true
    }

    private func listen() {
        self.task.withLock { task in
            guard task == nil else { return }
            let (shared, client, path, selector) = (self.shared, self.client, self.path, self.selector)
            task = Task { [weak self] in
                await Self.follow(shared, client, path, selector)
                self?.ended()
            }
        }
    }

    private func ended() {
        self.shared.state.withLock { $0.isKnown = false }
        self.task.withLock { $0 = nil }
    }

    // MARK: - The task

    private static func follow(_ shared: Shared, _ client: KubernetesClient, _ path: String, _ selector: String) async {
        var pause = self.pauses.first
        while !Task.isCancelled, self.isWanted(shared) {
            let isKnown = shared.state.withLock { $0.isKnown && $0.cache.version != nil }
            let isRight: Bool
            if isKnown {
                isRight = await self.watch(shared, client, path, selector)
            } else {
                isRight = self.take(await self.list(client, path, selector), shared)
            }
            guard !isRight else {
                pause = self.pauses.first
                continue
            }
            // Cancelled, the loop ends.
            try? await Task.sleep(for: .seconds(pause * Double.random(in: 0.5...1)))
            pause = min(self.pauses.longest, pause * 2)
        }
    }

    private static func isWanted(_ shared: Shared) -> Bool {
        shared.state.withLock { $0.asked.duration(to: .now) < .seconds(self.patience) }
    }

    /// - Returns: False after a failure.
    @discardableResult
    private static func take(_ result: Result<(pods: [Pod], version: String?), KubernetesError>, _ shared: Shared)
        -> Bool
    {
        shared.state.withLock { state in
            switch result {
            case .success(let list):
                state.cache.replace(list.pods, version: list.version)
                (state.isKnown, state.problem) = (true, nil)
                return true
            case .failure(let error):
                (state.isKnown, state.problem) = (false, error.message)
                return false
            }
        }
    }

    private static func list(
        _ client: KubernetesClient, _ path: String, _ selector: String
    ) async -> Result<(pods: [Pod], version: String?), KubernetesError> {
        var pods: [Pod] = []
        var mark: String?
        while true {
            var query = [("labelSelector", selector), ("limit", "\(self.page)")]
            if let mark { query.append(("continue", mark)) }
            let list: PodList
            do throws(KubernetesError) {
                let data = try await client.send("GET", path, query)
                guard let decoded = try? JSONDecoder().decode(PodList.self, from: data) else {
                    return .failure(
                        KubernetesError(reason: "", message: "the API server's list of pods cannot be understood"))
                }
                list = decoded
            } catch {
                return .failure(error)
            }
            pods += list.items
            mark = list.metadata.continue.flatMap { $0.isEmpty ? nil : $0 }
            if mark == nil { return .success((pods, list.metadata.resourceVersion)) }
        }
    }

    /// Hears of changes until the answer ends, as every answer does after some minutes.
    /// - Returns: False when it ended at once.
    private static func watch(
        _ shared: Shared, _ client: KubernetesClient, _ path: String, _ selector: String
    ) async -> Bool {
        let version = shared.state.withLock { $0.cache.version } ?? ""
        let query = [
            ("watch", "1"), ("labelSelector", selector), ("resourceVersion", version), ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", "\(self.length)"),
        ]
        let start = ContinuousClock.now
        do throws(KubernetesError) {
            try await client.watch(path, query) { line in try shared.state.withLock { try $0.cache.take(line) } }
        } catch {
            // The history is not kept for long, a line was cut, or the server is away: all pods are asked for again.
            shared.state.withLock { ($0.isKnown, $0.problem) = (false, error.message) }
        }
        return start.duration(to: .now) > .seconds(self.shortest)
    }
}
