import Glibc
import MusterCourier
package import MusterModel
package import MusterObjects
package import MusterStore
import MusterSystem
import Synchronization

/// Takes the files of a run's attempts to the bucket while they grow: reports, logs, cards and the records of gangs.
///
/// A log goes in pieces, any other file as a whole when it has changed. What is not there yet is missing in a view of
/// another machine and nothing else, so that a failure is tried again and told once.
package final class RunUploads: Sendable {
    fileprivate struct State {
        var live: Set<AttemptID> = []
        /// Attempts that have ended since the last round.
        var ended: Set<AttemptID> = []
        /// Paths of logs. The last words of a node may come after the end of its attempt.
        var logs: Set<String> = []
        var isTold = false
    }

    private let run: RunKey
    private let layout: StoreLayout
    private let uploads: FileUploads
    private let interval: Double
    private let warn: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - interval: Seconds between two rounds.
    ///   - warn: Takes a sentence for the user.
    package init(
        _ run: RunKey, near layout: StoreLayout, _ objects: any ObjectStore, interval: Double,
        warn: @escaping @Sendable (String) -> Void
    ) {
        self.run = run
        self.layout = layout
        let folder = layout.runFolder(flow: run.flow, run: run.run)
        self.uploads = FileUploads(objects) { BucketLayout.files(run) + $0.dropFirst(folder.count + 1) }
        self.interval = interval
        self.warn = warn
    }

    /// The bytes of a log that the bucket has.
    func sentBytes(of log: String) -> Int { self.uploads.sentBytes(of: log) }

    package func note(_ observation: EngineObservation) {
        switch observation {
        case .attemptStarted(let attempt, let nodes):
            let logs = (0..<max(1, nodes)).flatMap {
                [self.layout.agentLogFile(attempt, node: $0), self.layout.logFile(attempt, node: $0)]
            }
            self.state.withLock { state in
                state.live.insert(attempt)
                state.logs.formUnion(logs)
            }
        case .attemptFinished(let attempt, _, _, _):
            self.state.withLock {
                $0.live.remove(attempt)
                $0.ended.insert(attempt)
            }
        case .runStarted, .tasksReused, .attemptSubmitted, .attemptWaiting, .attemptPlaced, .nodeState, .log, .warning,
            .environment, .cancelling, .runFinished:
            break
        }
    }

    /// Sends what there is at an interval, until the task is cancelled.
    package func keepSending() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(self.interval))
            guard !Task.isCancelled else { return }
            await self.send(isLast: false)
        }
    }

    /// Sends the rest: the engine is about to end.
    package func finish() async {
        await self.send(isLast: true)
        let logs = self.state.withLock { Array($0.logs) }
        do {
            try await Parallel.each(logs) { try await self.uploads.sendGrowing($0, toEnd: true) }
        } catch {
            self.warn("the last lines of some logs are not in the bucket: \(error)")
        }
    }

    private func send(isLast: Bool) async {
        let (live, ended) = self.state.withLock { state in
            defer { state.ended = [] }
            return (state.live, state.ended)
        }
        do {
            try await self.send(self.files(of: live.union(ended)), all: ended, isLast: isLast)
            self.forget(ended)
        } catch {
            // They are tried again with the next round, which is the last one when this was cancelled.
            let isCancelled = Task.isCancelled
            let isNew = self.state.withLock { state in
                state.ended.formUnion(ended)
                defer { state.isTold = state.isTold || !isCancelled }
                return !state.isTold && !isCancelled
            }
            if isNew || isLast { self.warn("logs and reports of the run are not in the bucket yet: \(error)") }
        }
    }

    private func files(of attempts: Set<AttemptID>) -> [(path: String, attempt: AttemptID?)] {
        var found: [(String, AttemptID?)] = [(self.layout.engineLog(flow: self.run.flow, run: self.run.run), nil)]
        let console = self.layout.console(flow: self.run.flow, run: self.run.run)
        if access(console, F_OK) == 0 { found.append((console, nil)) }
        for (step, attempts) in Dictionary(grouping: attempts, by: \.step) {
            let byNumbers = Dictionary(attempts.map { ("\($0.task).\($0.attempt)", $0) }) { first, _ in first }
            let folder = self.layout.stepFolder(flow: self.run.flow, run: self.run.run, step: step)
            for name in Folder.names(in: folder) ?? [] {
                guard let file = AttemptFile(name: name), let attempt = byNumbers["\(file.task).\(file.attempt)"] else {
                    continue
                }
                found.append(("\(folder)/\(name)", attempt))
            }
        }
        return found
    }

    private func send(
        _ files: [(path: String, attempt: AttemptID?)], all ended: Set<AttemptID>, isLast: Bool
    ) async throws {
        try await Parallel.each(files) { file in
            let isWhole = isLast || file.attempt.map(ended.contains) ?? false
            if file.path.hasSuffix(".log") {
                try await self.uploads.sendGrowing(file.path, toEnd: isWhole)
            } else {
                try await self.uploads.sendWhole(file.path)
            }
        }
    }

    /// Forgets the files of attempts that have ended, but for how much of their logs was sent.
    private func forget(_ attempts: Set<AttemptID>) {
        guard !attempts.isEmpty else { return }
        let gone = Set(attempts.map(self.layout.attemptPrefix))
        let kept = self.state.withLock { $0.logs }
        self.uploads.forget { path in
            guard !kept.contains(path), let slash = path.lastIndex(of: "/") else { return false }
            let numbers = path[path.index(after: slash)...].split(separator: ".", maxSplits: 2)
            return numbers.count == 3 && gone.contains("\(path[...slash])\(numbers[0]).\(numbers[1]).")
        }
    }
}
