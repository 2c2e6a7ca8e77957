import FoundationEssentials
import MusterProcess
import MusterWire
import Synchronization

/// The agent's standard input: first its ``NodeSpec``, then ``AgentCommand``s, a line each.
final class EngineInput: Sendable {
    private struct State {
        var lines = LineBuffer()
        var spec: CheckedContinuation<NodeSpec?, any Error>?
        var hasSpec = false
        var hasEnded = false
    }

    private let state = Mutex(State())
    private let events: AgentEvents

    init(events: AgentEvents) { self.events = events }

    /// Waits for the first line; nil when the input ended before it. What follows comes as events.
    /// - Throws: When the line cannot be understood.
    func spec(from descriptor: CInt, on reactor: ProcessReactor) async throws -> NodeSpec? {
        try await withCheckedThrowingContinuation { continuation in
            self.state.withLock { $0.spec = continuation }
            reactor.watch(descriptor, onRead: { self.read($0) }, onEnd: { self.end("the engine has gone") })
        }
    }

    private func read(_ bytes: UnsafeRawBufferPointer) {
        do {
            let lines = try self.state.withLock { try $0.lines.append(bytes) }
            for line in lines { self.take(line) }
        } catch {
            self.end("\(error)")
        }
    }

    private func take(_ line: Data) {
        let isSpec = self.state.withLock { state in
            defer { state.hasSpec = true }
            return !state.hasSpec
        }
        do {
            if isSpec {
                let spec = try LineCoding.decode(NodeSpec.self, from: line)
                self.state.withLock { $0.spec.take() }?.resume(returning: spec)
            } else {
                self.events.yield(.command(try LineCoding.decode(AgentCommand.self, from: line)))
            }
        } catch {
            let continuation = self.state.withLock { $0.spec.take() }
            if let continuation {
                return continuation.resume(
                    throwing: AgentError("the node's specification cannot be understood: \(error)"))
            }
            self.end(
                "the engine sent a command that this agent does not understand: \(String(decoding: line.prefix(200), as: UTF8.self))"
            )
        }
    }

    private func end(_ reason: String) {
        let (continuation, isFirst) = self.state.withLock { state in
            defer { state.hasEnded = true }
            return (state.spec.take(), !state.hasEnded)
        }
        continuation?.resume(returning: nil)
        if isFirst { self.events.yield(.inputEnded(reason: reason)) }
    }
}
