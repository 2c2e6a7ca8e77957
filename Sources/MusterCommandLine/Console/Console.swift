import Dispatch
import Foundation
import MusterModel
import MusterStore

/// Shows a run while it runs: performs the I/O of the renderers.
///
/// `@unchecked Sendable`: all properties below `queue` are used on that queue only. A slow terminal blocks the queue
/// and nothing else; observations then wait.
final class Console: @unchecked Sendable {
    private let queue = DispatchQueue(label: "muster.console")
    private let style: ConsoleStyle
    private let output: StandardStream
    private let errors: StandardStream
    private let now: @Sendable () -> Double

    private var messages: PlainMessages
    private var shown = ShownLines()
    private var view = LiveView()
    private var screen: LiveScreen?
    private var tails: [AttemptID: [Int: LogTail]] = [:]
    private var store: StoreLayout?
    private var sizes: [AttemptID: Int] = [:]
    private var ticker: (any DispatchSourceTimer)?

    init(
        style: ConsoleStyle, resume: String, output: StandardStream = .output, errors: StandardStream = .error,
        now: @escaping @Sendable () -> Double = { Date().timeIntervalSince1970 }
    ) {
        self.style = style
        self.messages = PlainMessages(resume: resume)
        self.output = output
        self.errors = errors
        self.now = now
        if style == .live { self.startTicking() }
    }

    /// Shows `observation`, later; returns at once.
    func show(_ observation: EngineObservation) {
        let time = self.now()
        self.queue.async { self.handle(observation, at: time) }
    }

    /// Shows a message of the command's own, such as a warning.
    func note(_ text: String) {
        let time = self.now()
        self.queue.async { self.say([PlainMessages.Message(text: text, isTrouble: true)], at: time) }
    }

    /// Returns when all lines have been written and the live view has been removed.
    func close() async {
        await withCheckedContinuation { continuation in
            self.queue.async {
                self.ticker?.cancel()
                self.ticker = nil
                self.screen?.remove()
                self.screen = nil
                continuation.resume()
            }
        }
    }

    // MARK: - On the queue

    private func startTicking() {
        self.screen = LiveScreen(output: self.output)
        let ticker = DispatchSource.makeTimerSource(queue: self.queue)
        ticker.schedule(deadline: .now() + 1, repeating: 1)
        ticker.setEventHandler { [weak self] in self?.redraw([]) }
        ticker.resume()
        self.ticker = ticker
    }

    private func handle(_ observation: EngineObservation, at time: Double) {
        self.view.apply(observation, at: time)
        if self.style == .json, let line = JSONEvents.line(for: observation, at: time) { self.output.line(line) }
        switch observation {
        case .runStarted(let run): self.store = StoreLayout(root: run.store)
        case .attemptStarted(let attempt, let nodes): self.sizes[attempt] = nodes
        case .log(let attempt, let node, let path, _): self.readLog(attempt, node, path, at: time)
        case .attemptFinished(let attempt, _, _, _): self.finishLogs(attempt, at: time)
        default: break
        }
        self.say(self.messages.messages(for: self.unrepeated(observation)), at: time)
    }

    private func unrepeated(_ observation: EngineObservation) -> EngineObservation {
        guard case .attemptFinished(let attempt, let failure?, let retryAfter, let caughtInto) = observation else {
            return observation
        }
        let place = Attribution.text(attempt, node: failure.node ?? 0)
        return .attemptFinished(
            attempt: attempt, failure: self.shown.unrepeated(failure, of: place), retryAfter: retryAfter,
            caughtInto: caughtInto)
    }

    private func say(_ messages: [PlainMessages.Message], at time: Double) {
        switch self.style {
        case .json: break
        case .quiet:
            for message in messages where message.isTrouble { self.errors.line(message.text) }
        case .plain:
            for message in messages { self.output.line("\(TimeText.clock(time)) \(message.text)") }
        case .live:
            self.redraw(messages.filter { self.view.scrolls($0) }.map(\.text))
        }
    }

    private func redraw(_ scrolling: [String]) {
        guard let screen = self.screen else { return }
        screen.draw(scrolling: scrolling) { size in
            self.view.frame(columns: size.columns, rows: size.rows, at: self.now())
        }
    }

    // MARK: - Logs

    private func readLog(_ attempt: AttemptID, _ node: Int, _ path: String, at time: Double) {
        guard self.style != .quiet else { return }
        var tail = self.tails[attempt]?[node] ?? LogTail(attempt: attempt, node: node, path: path)
        self.show(attempt, node) { try tail.read(isFinal: false, $0) }
        self.tails[attempt, default: [:]][node] = tail
    }

    /// A program that ended at once may never have been seen to write.
    private func finishLogs(_ attempt: AttemptID, at time: Double) {
        let known = self.tails.removeValue(forKey: attempt) ?? [:]
        let size = self.sizes.removeValue(forKey: attempt) ?? 1
        guard self.style != .quiet, let store = self.store else { return }
        for node in 0..<size {
            var tail = known[node] ?? LogTail(attempt: attempt, node: node, path: store.logFile(attempt, node: node))
            self.show(attempt, node) { try tail.read(isFinal: true, $0) }
        }
    }

    private func show(_ attempt: AttemptID, _ node: Int, _ read: (([LogLine]) -> Void) throws -> Void) {
        do {
            try read { self.show($0, attempt, node) }
        } catch {
            self.errors.line("warning: the log of \(Attribution.text(attempt, node: node)) cannot be read: \(error)")
        }
    }

    private func show(_ lines: [LogLine], _ attempt: AttemptID, _ node: Int) {
        let place = Attribution.text(attempt, node: node)
        for line in lines.suffix(ShownLines.capacity) {
            self.shown.note(String(decoding: line.bytes.prefix(4096), as: UTF8.self), from: place)
        }
        switch self.style {
        case .quiet: break
        case .live: self.redraw(lines.map { "\(place) \(TerminalText.shown($0.bytes))" })
        case .json:
            for line in lines {
                if let text = JSONEvents.line(for: line, attempt, node: node) { self.output.line(text) }
            }
        case .plain:
            var bytes: [UInt8] = []
            for line in lines {
                bytes += Array("\(TimeText.clock(Double(line.time) / 1e6)) \(place) ".utf8)
                bytes += line.bytes
                bytes.append(UInt8(ascii: "\n"))
            }
            self.output.write(bytes)
        }
    }
}
