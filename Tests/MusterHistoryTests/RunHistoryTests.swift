import Foundation
import MusterHistory
import MusterMetadata
import MusterModel
import MusterStore
import MusterSystem
import Testing

/// A store in a folder with one run of a flow of three steps.
private struct History {
    static let key = RunKey(flow: "Digits", run: "100")

    let layout: StoreLayout
    let metadata = InMemoryMetadata()
    let record = RunRecord(
        flow: "Digits", run: "100", user: "ada", created: 10, program: ["/bin/flow"],
        manifest: FlowManifest(
            name: "Digits", language: "test", folder: "/",
            parameters: [
                ParameterManifest(name: "epochs", kind: .int, defaultValue: "3"),
                ParameterManifest(name: "title", kind: .string, defaultValue: ""),
            ],
            steps: [
                StepManifest(name: "start", edges: [.foreach(to: "train")]),
                StepManifest(name: "train", edges: [.step(to: "join")]),
                StepManifest(name: "join", join: JoinManifest(), edges: [.step(to: "end")]), StepManifest(name: "end"),
            ]), parameters: ["epochs": "5", "title": "5"], package: "abc")

    init() async throws {
        self.layout = StoreLayout(root: "/tmp/mh-\(UInt32.random(in: 0 ... .max))/.muster")
        try self.layout.prepare()
        try await self.metadata.create(self.record)
    }

    func remove() { _ = FolderRemoval.remove(Folder.parent(of: self.layout.root)) }

    func append(_ events: [RunEvent], at time: Double) async throws {
        try await self.metadata.append(events, to: Self.key, at: time)
    }

    func state() async throws -> RunState { try await RunState(self.record, in: self.layout, self.metadata) }

    static let toTrain: [RunEvent] = [
        .started, .attemptStarted(task: 1, attempt: 0),
        .attemptSucceeded(
            task: 1, attempt: 0, nodes: [NodeResult(transition: .foreach(to: "train", count: 2), artifacts: [:])]),
    ]
}

@Suite struct RunHistoryTests {
    @Test("A state that is updated with new events is the one that all of them lead to")
    func update() async throws {
        let history = try await History()
        defer { history.remove() }
        var state = try await history.state()
        #expect(state.machine.tasks.isEmpty && state.eventCount == 0 && state.status == .interrupted)
        try await history.append(History.toTrain, at: 20)
        #expect(try await state.update(in: history.layout, history.metadata).count == 3)
        #expect(state.machine.tasks.map(\.step) == ["start", "train", "train"])
        #expect(try await state.update(in: history.layout, history.metadata).isEmpty)
        try await history.append([.attemptStarted(task: 2, attempt: 0)], at: 21)
        let failure = TaskFailure(code: .cancelled, message: "enough")
        try await history.append([.attemptInterrupted(task: 2, attempt: 0)], at: 25)
        try await history.append([.cancelled(failure: failure), .ended(verdict: .cancelled)], at: 26)
        try await state.update(in: history.layout, history.metadata)
        let whole = try await history.state()
        #expect(state.machine.tasks.map(\.number) == whole.machine.tasks.map(\.number))
        #expect(state.eventCount == 7 && state.status == .cancelled)
        #expect(state.machine.tasks.map(state.finished) == [20, 25, nil])
        #expect(state.seconds(of: state.machine.tasks[1], now: 99) == 4)
        for task in state.machine.tasks { #expect(state.attempts(of: task) == whole.attempts(of: task)) }
        let attempt = try #require(state.attempts(of: state.machine.tasks[1]).first)
        #expect(attempt.started == 21 && attempt.ended == 25 && attempt.end == .interrupted && attempt.failure == nil)
    }

    @Test("A run whose lock is held runs; without a holder it was interrupted")
    func lock() async throws {
        let history = try await History()
        defer { history.remove() }
        let path = history.layout.runLock(flow: "Digits", run: "100")
        var lock: RunLock? = try RunLock(path: path, timeout: 0.2)
        #expect(try await history.state().status == .running)
        let error = #expect(throws: StoreError.self) { try RunLock(path: path, timeout: 0.2) }
        #expect(error?.code == .busy && error?.message.contains("process \(getpid())") == true)
        withExtendedLifetime(lock) {}
        lock = nil
        #expect(try await history.state().status == .interrupted)
    }

    @Test("Events that do not belong to the flow are refused")
    func foreign() async throws {
        let history = try await History()
        defer { history.remove() }
        try await history.append([.attemptStarted(task: 7, attempt: 0)], at: 1)
        let error = await #expect(throws: HistoryError.self) { try await history.state() }
        #expect(error?.code == .store && error?.message.contains("Digits/100") == true)
    }

    @Test("A report has the tasks, their times, and the parameters as JSON of their kinds")
    func report() async throws {
        let history = try await History()
        defer { history.remove() }
        try await history.append(History.toTrain, at: 20)
        let report = StatusReport(try await history.state(), in: history.layout, now: 30)
        #expect(report.tasks.map(\.status) == ["succeeded", "not run", "not run"] && report.tasks.first?.seconds == 0)
        #expect(report.parameters == ["epochs": VerbatimJSON("5"), "title": VerbatimJSON("\"5\"")])
        let text = try JSONText.line(report)
        #expect(text.contains("\"parameters\":{\"epochs\":5,\"title\":\"5\"}") && text.contains("\"run\":\"100\""))
    }

    @Test("Runs are found by their names, and a wrong name is an error with a hint")
    func names() async throws {
        let history = try await History()
        defer { history.remove() }
        let finder = RunFinder(layout: history.layout, metadata: history.metadata)
        for name in [nil, "100", "Digits", "Digits/100", "Digits/latest"] {
            #expect(try await finder.record(name).run == "100")
        }
        for (name, part) in [("Digit", "Digits"), ("7", "muster list"), ("Digits/7", "Digits/7")] {
            let error = await #expect(throws: HistoryError.self) { try await finder.record(name) }
            #expect(error?.code == .missing && error?.message.contains(part) == true, "\(name)")
        }
        #expect(#expect(throws: HistoryError.self) { try RunFinder.pathspec("a b") }?.code == .name)
    }

    @Test("Tasks are found by step and number")
    func tasks() async throws {
        let history = try await History()
        defer { history.remove() }
        try await history.append(History.toTrain, at: 20)
        let state = try await history.state()
        let find = { (text: String) in try RunFinder.tasks(RunFinder.pathspec(text), in: state) }
        #expect(try find("Digits/100").tasks.count == 3 && find("Digits/100/train").tasks.map(\.number) == [2, 3])
        #expect(try find("Digits/100/train/3-node-0").node == 0)
        #expect(#expect(throws: HistoryError.self) { try find("Digits/100/trai") }?.message.contains("train") == true)
        #expect(#expect(throws: HistoryError.self) { try find("Digits/100/train/9") }?.message.contains("2, 3") == true)
    }

    @Test("The logs and cards of a task are those of its attempts in the store")
    func files() async throws {
        let history = try await History()
        defer { history.remove() }
        try await history.append(History.toTrain, at: 20)
        let state = try await history.state()
        let task = state.machine.tasks[1]
        let place = try await TaskPlace.of(task, in: state, layout: history.layout, metadata: history.metadata)
        #expect((place.run, place.task) == ("100", 2))
        for (attempt, node) in [(0, 0), (1, 1), (1, 0)] {
            let id = AttemptID(flow: "Digits", run: "100", step: "train", task: 2, attempt: attempt)
            _ = try LogWriter(path: history.layout.logFile(id, node: node))
        }
        var search = LogSearch(layout: history.layout, node: nil, attempt: nil)
        #expect(try search.sources(of: place).map { [$0.attempt.attempt, $0.node] } == [[1, 0], [1, 1]])
        search = LogSearch(layout: history.layout, node: 0, attempt: 0)
        #expect(try search.sources(of: place).map(\.node) == [0])
        search = LogSearch(layout: history.layout, node: nil, attempt: 5)
        #expect(throws: HistoryError.self) { try search.sources(of: place) }
        let id = AttemptID(flow: "Digits", run: "100", step: "train", task: 2, attempt: 1)
        let page = "\(history.layout.incoming)/page"
        try FileContents.overwrite(page, with: Data("<p>".utf8))
        try CardStore(history.layout).take(
            file: page, as: CardName(place: 0, type: "default", id: nil), of: id, node: 0)
        var cards = CardSearch(history.layout, node: nil)
        #expect(try cards.cards(of: task, at: place).map(\.task) == ["train/2"])
    }
}
