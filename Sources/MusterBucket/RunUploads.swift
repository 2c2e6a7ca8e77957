import FoundationEssentials
import Glibc
import MusterCourier
package import MusterModel
package import MusterObjects
package import MusterStore
import MusterSystem
import Synchronization

/// Takes the files of a run's attempts to the bucket while they grow: reports, logs, cards and the records of gangs.
///
/// A log goes in pieces, each named by the offset of its first byte; any other file as a whole when it has changed. What
/// is not there yet is missing in a view of another machine and nothing else, so that a failure is tried again and told
/// once.
package final class RunUploads: Sendable {
    fileprivate struct State {
        var live: Set<AttemptID> = []
        /// Attempts that have ended since the last round.
        var ended: Set<AttemptID> = []
        /// By path: the bytes of a log that have been sent, and what another file was like when it was.
        var sent: [String: Int] = [:]
        var stamps: [String: FileStatus] = [:]
        /// How many pieces of each log went, and when the last one did.
        var pieces: [String: (count: Int, last: Double)] = [:]
        var isTold = false
    }

    /// Pieces of a log that go as soon as there is something, and the seconds between later ones.
    private static let briskPieces = 30
    private static let pause = 5.0
    /// Bytes of a piece at most.
    private static let longestPiece = 8 << 20

    private let run: RunKey
    private let layout: StoreLayout
    private let objects: any ObjectStore
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
        self.objects = objects
        self.interval = interval
        self.warn = warn
    }

    package func note(_ observation: EngineObservation) {
        switch observation {
        case .attemptStarted(let attempt, let nodes):
            let logs = (0..<max(1, nodes)).map { self.layout.agentLogFile(attempt, node: $0) }
            self.state.withLock { state in
                state.live.insert(attempt)
                // An agent may write its first words at its end.
                for log in logs { state.sent[log] = state.sent[log] ?? 0 }
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
        // Agents that waited for another attempt have written of their end into the log of their last one.
        let logs = self.state.withLock { $0.sent.keys.filter { $0.hasSuffix(Self.agentLog) } }
        try? await Parallel.each(logs) { try await self.sendPieces($0, toEnd: true) }
    }

    fileprivate static let agentLog = ".agent.log"

    private func send(isLast: Bool) async {
        let (live, ended) = self.state.withLock { state in
            defer { state.ended = [] }
            return (state.live, state.ended)
        }
        do {
            try await self.send(self.files(of: live.union(ended)), all: ended, isLast: isLast)
            self.state.withLock { $0.forget(ended.map(self.layout.attemptPrefix)) }
        } catch {
            // They are tried again with the next round.
            let isNew = self.state.withLock { state in
                state.ended.formUnion(ended)
                defer { state.isTold = true }
                return !state.isTold
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
                try await self.sendPieces(file.path, toEnd: isWhole)
            } else {
                try await self.sendWhole(file.path)
            }
        }
    }

    private func key(_ path: String) -> String {
        let folder = self.layout.runFolder(flow: self.run.flow, run: self.run.run)
        return BucketLayout.files(self.run) + path.dropFirst(folder.count + 1)
    }

    private func sendPieces(_ path: String, toEnd: Bool) async throws {
        guard let size = FileStatus(path)?.size else { return }
        let now = Uptime.now()
        while let offset = self.next(path, size, toEnd, now) {
            let bytes = try OpenFile(path, O_RDONLY).bytes(from: offset, limit: min(Self.longestPiece, size - offset))
            guard !bytes.isEmpty else { return }
            try await self.objects.put(Data(bytes), at: "\(self.key(path))/\(BucketLayout.padded(offset, 12))")
            self.state.withLock { state in
                state.sent[path] = offset + bytes.count
                state.pieces[path] = ((state.pieces[path]?.count ?? 0) + 1, now)
            }
        }
    }

    /// The offset of the next piece; nil when none is due.
    private func next(_ path: String, _ size: Int, _ toEnd: Bool, _ now: Double) -> Int? {
        self.state.withLock { state in
            let sent = state.sent[path] ?? 0
            guard size > sent else { return nil }
            let pieces = state.pieces[path] ?? (0, 0)
            let isDue =
                toEnd || pieces.count < Self.briskPieces || now - pieces.last >= Self.pause || pieces.last == now
                || size - sent >= Self.longestPiece
            return isDue ? sent : nil
        }
    }

    private func sendWhole(_ path: String) async throws {
        guard let status = FileStatus(path), self.state.withLock({ $0.stamps[path] }) != status,
            let bytes = FileContents.read(path)
        else { return }
        try await self.objects.put(Data(bytes), at: self.key(path))
        self.state.withLock { $0.stamps[path] = status }
    }
}

extension RunUploads.State {
    /// Forgets the files of attempts that have ended, but for how much of their agents' logs was sent.
    /// - Parameter prefixes: `…/12.0.` of each.
    fileprivate mutating func forget(_ prefixes: [String]) {
        guard !prefixes.isEmpty else { return }
        let gone = Set(prefixes)
        func isGone(_ path: String) -> Bool {
            guard let slash = path.lastIndex(of: "/") else { return false }
            let numbers = path[path.index(after: slash)...].split(separator: ".", maxSplits: 2)
            return numbers.count == 3 && gone.contains("\(path[...slash])\(numbers[0]).\(numbers[1]).")
        }
        self.sent = self.sent.filter { $0.key.hasSuffix(RunUploads.agentLog) || !isGone($0.key) }
        self.stamps = self.stamps.filter { !isGone($0.key) }
        self.pieces = self.pieces.filter { !isGone($0.key) }
    }
}
