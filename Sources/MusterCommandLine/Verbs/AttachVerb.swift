import ArgumentParser
import Foundation
import Glibc
import MusterBucket
import MusterHistory
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem

/// `muster attach`
struct AttachVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Show a run that was started with --detach, from its beginning to its end.",
        discussion: """
            It ends with the run and has its exit code. Ctrl-C ends it and leaves the run alone. A run that is over is \
            shown whole.
            """)

    @Argument(help: "The run: Flow/run, a run's id, or a flow for its newest. (default: the newest run)") var name:
        String?
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    /// Seconds between two looks at the file.
    private static let interval = 0.1
    /// Seconds for an engine that has the run to open the file: it asks the places of its steps first.
    private static let patience = 60.0

    func run() async throws {
        let store = try self.store.existing(self.flow)
        let (layout, finder) = (store.layout, store.finder)
        var name = self.name
        if name == nil, self.flow.program != nil {
            name = try await CommandContext(self.flow).flow(named: nil, self.flow).manifest.name
        }
        let record = try await finder.record(name)
        let console = layout.console(flow: record.flow, run: record.run)
        try await self.look(at: record.key, store)
        guard access(console, F_OK) == 0 else { return try await self.refuse(record, store) }
        let reactor = try ProcessReactor()
        let hint =
            "the run goes on; \(self.command("attach", record)) shows it again, \(self.command("cancel", record)) ends it"
        reactor.handleSignals([SIGINT]) { _ in
            StandardStream.error.line("\nmuster: \(hint)")
            _exit(128 + SIGINT)
        }
        guard try await self.follow(console, record.key, store) else {
            StandardStream.error.line("muster: another command moves the run now; \(self.elsewhere(record, layout))")
            throw CommandFailure(.usage, "")
        }
        try await self.conclude(finder.record("\(record.key)"))
    }

    /// Prints the file as it grows.
    /// - Returns: True when no engine moves the run any more; false when one does that writes elsewhere.
    private func follow(_ console: String, _ run: RunKey, _ store: OpenedStore) async throws -> Bool {
        let lock = store.layout.runLock(flow: run.flow, run: run.run)
        var offset = 0
        var waited = 0.0
        var looked = Uptime.now()
        while true {
            if Uptime.now() - looked >= store.lookInterval {
                try await self.look(at: run, store)
                looked = Uptime.now()
            }
            let isWritten = DetachedEngine.writes(to: console)
            let isMoved = isWritten || RunLock.holder(path: lock) != nil
            // Read after the look: what was written before the end is there.
            guard Self.print(console, &offset) else { return true }
            guard isMoved else { return true }
            waited = isWritten ? 0 : waited + Self.interval
            if waited > Self.patience { return false }
            try await Task.sleep(for: .seconds(Self.interval))
        }
    }

    /// Brings what a bucket has: first whether the engine lives, so that its last words come with the end.
    private func look(at run: RunKey, _ store: OpenedStore) async throws {
        try await store.lookAtEngine(of: run)
        try await store.bucket?.mirror.fetch(file: "console.log", of: run)
    }

    /// - Returns: False when nobody reads any more.
    private static func print(_ path: String, _ offset: inout Int) -> Bool {
        while let file = try? OpenFile(path, O_RDONLY), let bytes = try? file.bytes(from: offset, limit: 1 << 20),
            !bytes.isEmpty
        {
            offset += bytes.count
            guard StandardStream.output.write(bytes) else { return false }
        }
        return true
    }

    private func conclude(_ record: RunRecord) throws {
        switch record.verdict {
        case .succeeded: return
        case .failed, .cancelled: throw CommandFailure(.runFailed, "")
        case nil:
            throw CommandFailure(
                .runFailed,
                "no engine moves the run \(record.key) any more; go on with it by: \(ResumeCommand(record, self.store).line(run: record.run))"
            )
        }
    }

    /// A run that has written nothing into a file.
    private func refuse(_ record: RunRecord, _ store: OpenedStore) async throws {
        let layout = store.layout
        let state = try await store.state(of: record)
        guard state.status == .running else {
            let report = StatusReport(state, in: layout, now: Date().timeIntervalSince1970)
            let text = report.text(resume: ResumeCommand(record, self.store))
            StandardStream.output.write(Array(PrintableText.of(text).utf8))
            return try self.conclude(record)
        }
        throw CommandFailure(
            .usage, "the run \(record.key) was not started with --detach: \(self.elsewhere(record, layout))")
    }

    private func elsewhere(_ record: RunRecord, _ layout: StoreLayout) -> String {
        let holder = RunLock.holder(path: layout.runLock(flow: record.flow, run: record.run))
        let place = holder.map { "its output is where \($0) was started" } ?? "its output is elsewhere"
        return
            "\(place); \(self.command("status", record)) shows how it stands, \(self.command("cancel", record)) ends it"
    }

    private func command(_ verb: String, _ record: RunRecord) -> String {
        RunCommand.line(verb, "\(record.key)", self.store)
    }
}
