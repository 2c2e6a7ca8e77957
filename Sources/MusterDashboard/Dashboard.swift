import Foundation
import MusterHistory
import MusterMetadata
import MusterModel
import MusterStore
import NIOPosix

/// Reads the store for the resources of the API.
struct Dashboard: Sendable {
    let store: any DashboardStore
    let states: RunStates
    let rows: RunRows
    private let indexes = LogIndexes()

    init(_ store: any DashboardStore) {
        self.store = store
        self.states = RunStates(store)
        self.rows = RunRows(store)
    }

    static func now() -> Double { Date().timeIntervalSince1970 }

    /// The run that an address names; `latest` is the flow's newest.
    func key(_ flow: String, _ run: String) async throws -> RunKey {
        guard run == "latest" else { return RunKey(flow: flow, run: run) }
        let finder = RunFinder(layout: self.store.layout, metadata: self.store.metadata)
        return try await finder.record(of: Pathspec(flow: flow, run: run)).key
    }

    func runs(_ query: RunsQuery) async throws -> RunsView { query.view(of: try await self.rows.matching(query)) }

    func run(_ key: RunKey) async throws -> RunView {
        var view = try await self.states.moment(of: key).view
        view.now = Self.now()
        return view
    }

    // MARK: - One task

    /// A task with its run and the place of its work.
    struct Found {
        let state: RunState
        let task: RunTask
        /// Counted from 0; nil before the first.
        let attempt: Int?
        let place: TaskPlace

        /// The logs of the attempt's nodes; none of an attempt that has just begun.
        /// - Parameter node: nil for all.
        /// - Throws: `HistoryError` for a folder that is there and cannot be read.
        func logs(in layout: StoreLayout, node: Int? = nil, isOfAgents: Bool = false) throws -> [LogSource] {
            var search = LogSearch(
                layout: layout, node: node, attempt: self.task.clonedFrom == nil ? self.attempt : nil,
                isOfAgents: isOfAgents)
            do {
                return try search.sources(of: self.place)
            } catch let error as HistoryError where error.code == .missing {
                return []
            }
        }

        /// True when this attempt can write no more.
        var isOver: Bool {
            if let attempt, attempt < self.task.attempts - 1 { return true }
            return self.state.record.verdict != nil || self.task.status == .succeeded || self.task.status == .failed
        }
    }

    /// - Parameters:
    ///   - attempt: nil for the last.
    ///   - isWanted: The files of the task's work that have to be on this machine.
    private func find(
        _ key: RunKey, _ number: Int, attempt: Int?,
        where isWanted: @escaping @Sendable (AttemptFile.Kind) -> Bool = { _ in false }
    ) async throws -> Found {
        let state = try await self.states.moment(of: key).state
        guard state.machine.tasks.indices.contains(number - 1) else {
            throw HistoryError(.missing, "the run \(key) has no task \(number)")
        }
        let task = state.machine[number]
        if let attempt, !(0..<max(task.attempts, 1)).contains(attempt) {
            throw HistoryError(.missing, "\(task.step)/\(number) has no attempt \(attempt)")
        }
        guard let place = try await self.store.places(of: [task], in: state, where: isWanted).first else {
            throw HistoryError(.missing, "the work of \(task.step)/\(number) has no place")
        }
        let last = task.attempts > 0 ? task.attempts - 1 : nil
        return Found(state: state, task: task, attempt: attempt ?? last, place: place)
    }

    /// Reads files on a thread that may wait for them.
    func reading<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive(work)
    }

    func task(_ key: RunKey, _ number: Int, attempt: Int?) async throws -> TaskView {
        let found = try await self.find(key, number, attempt: attempt) { _ in true }
        let layout = self.store.layout
        return try await self.reading { try TaskView(found, layout) }
    }

    func log(_ key: RunKey, _ number: Int, _ query: LogQuery) async throws -> LogView {
        let found = try await self.find(key, number, attempt: query.attempt) { $0.isLog }
        let (layout, indexes) = (self.store.layout, self.indexes)
        return try await self.reading { try LogView(found, query, layout, indexes) }
    }

    func artifacts(_ key: RunKey, _ number: Int, node: Int) async throws -> [ArtifactRow] {
        let found = try await self.find(key, number, attempt: nil)
        let references = ArtifactRow.references(of: found, node: node)
        // Those that cannot be brought have no preview; their downloads say why.
        try? await self.store.fetch(references.map(\.value).filter(ArtifactRow.hasPreview))
        let artifacts = ArtifactStore(self.store.layout)
        return try await self.reading {
            references.sorted { $0.key < $1.key }.map { ArtifactRow($0.key, $0.value, found, artifacts) }
        }
    }

    /// An artifact's file, checked, and its size.
    func artifact(_ key: RunKey, _ number: Int, node: Int, name: String) async throws -> (path: String, size: Int) {
        let found = try await self.find(key, number, attempt: nil)
        guard let reference = ArtifactRow.references(of: found, node: node)[name] else {
            throw HistoryError(.missing, "\(found.task.step)/\(number) has no artifact of this name on node \(node)")
        }
        try await self.store.fetch([reference])
        let artifacts = ArtifactStore(self.store.layout)
        let path = try await self.reading { try artifacts.verifiedPath(reference) }
        return (path, reference.size)
    }

    func card(_ key: RunKey, _ number: Int, node: Int, name: String, attempt: Int?) async throws -> Data {
        let found = try await self.find(key, number, attempt: attempt) { $0.isCard }
        let layout = self.store.layout
        let page = try await self.reading { () throws -> Data? in
            var search = CardSearch(layout, node: node)
            guard let card = try search.cards(of: found.task, at: found.place).first(where: { $0.name.text == name })
            else { return nil }
            return try CardStore(layout).page(card.path).bytes
        }
        guard let page else {
            throw HistoryError(.missing, "\(found.task.step)/\(number) has no card of this name on node \(node)")
        }
        return page
    }

    // MARK: - Changes

    func cancel(_ key: RunKey) async throws -> RunStatus {
        _ = try await self.states.moment(of: key)
        try await self.store.cancel(key)
        return try await self.states.moment(of: key).state.status
    }

    func changeTags(of key: RunKey, adding: Set<String>, removing: Set<String>) async throws -> [String] {
        if let tag = adding.first(where: { !RunTag.isOne($0) }) {
            throw DashboardError(.request, RunTag.refusal(tag))
        }
        try await self.store.metadata.changeTags(of: key, adding: adding, removing: removing)
        return try await self.store.metadata.tags(of: key)
    }
}
