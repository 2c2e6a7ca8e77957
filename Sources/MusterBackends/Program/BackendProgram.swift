import Foundation
import MusterModel
import MusterProcess
import MusterWire
import Synchronization

/// A backend program that runs: questions go to its standard input, answers come from its standard output, in any order.
///
/// It is started at the first question, and again at the first one after its end. Calls may come from any task.
final class BackendProgram: Sendable {
    /// The version of the protocol.
    static let version = 1
    /// Seconds that an answer may take.
    static let patience = 60.0
    /// Bytes of a line that is accepted.
    private static let longestLine = 1 << 20

    private struct State {
        var process: SpawnedProcess?
        /// Counts the starts, so that the end of an earlier process changes nothing.
        var start = 0
        var output = LineBuffer()
        var errors = LineBuffer()
        var lastID = 0
        var waiting: [Int: CheckedContinuation<ProgramAnswer, any Error>] = [:]
    }

    private let name: String
    private let reactor: ProcessReactor
    private let spec: ProcessSpec
    private let patience: Double
    private let log: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - path: The program.
    ///   - log: Takes the lines of its standard error.
    init(
        name: String, path: String, reactor: ProcessReactor, environment: [String: String],
        patience: Double = BackendProgram.patience, log: @escaping @Sendable (String) -> Void
    ) {
        self.name = name
        self.reactor = reactor
        // A terminal's Ctrl-C is the engine's to hear: it still has jobs to end.
        self.spec = ProcessSpec(executable: path, environment: environment, standardInput: .pipe, newSession: true)
        self.patience = patience
        self.log = log
    }

    /// The end of its input lets it leave.
    deinit { self.state.withLock { $0.process?.closeInput() } }

    /// Asks, and returns the answer.
    /// - Throws: The answer's own error; ``BackendError/Code/unreachable`` when none came, so that nothing is known.
    func ask(_ question: ProgramQuestion) async throws(BackendError) -> ProgramAnswer {
        let answer: ProgramAnswer
        do {
            answer = try await withCheckedThrowingContinuation { self.send(question, $0) }
        } catch let error as BackendError {
            throw error
        } catch {
            throw self.unreachable("\(error)")
        }
        if let refusal = answer.error { throw refusal.error }
        return answer
    }

    // MARK: - Questions

    private func send(_ question: ProgramQuestion, _ continuation: CheckedContinuation<ProgramAnswer, any Error>) {
        let started: Result<(SpawnedProcess, Int), BackendError> = self.state.withLock { state in
            do throws(BackendError) {
                let process = if let running = state.process { running } else { try self.start(&state) }
                state.lastID += 1
                state.waiting[state.lastID] = continuation
                return .success((process, state.lastID))
            } catch {
                return .failure(error)
            }
        }
        switch started {
        case .failure(let error): continuation.resume(throwing: error)
        case .success((let process, let id)):
            let line: Data
            do {
                line = try LineCoding.encode(NumberedQuestion(id: id, question: question))
            } catch {
                return self.fail([id], self.unreachable("the question could not be written as JSON: \(error)"))
            }
            process.write(line) { isWritten in
                if !isWritten { self.fail([id], self.unreachable("it does not take questions")) }
            }
            _ = self.reactor.schedule(after: self.patience) { [weak self] in
                guard let self else { return }
                self.fail([id], self.unreachable("it did not answer within \(Int(self.patience)) s"))
            }
        }
    }

    private func start(_ state: inout State) throws(BackendError) -> SpawnedProcess {
        state.start += 1
        state.output = LineBuffer()
        state.errors = LineBuffer()
        let start = state.start
        do throws(SpawnError) {
            let process = try self.reactor.spawn(
                self.spec,
                onOutput: { [weak self] stream, bytes in self?.receive(stream, bytes) },
                onExit: { [weak self] status in self?.ended(start, status) })
            state.process = process
            return process
        } catch {
            throw BackendError(
                code: .missing, message: "\(self.spec.executable) could not be started: \(error)", isTransient: false)
        }
    }

    // MARK: - Answers

    private func receive(_ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) {
        let lines: [Data]
        do {
            lines = try self.state.withLock { state in
                switch stream {
                case .standardError: try state.errors.append(bytes)
                case .standardOutput: try state.output.append(bytes)
                }
            }
        } catch {
            // A question whose answer is lost with it fails when its time is up.
            return self.log("\(self.name): \(error)")
        }
        switch stream {
        case .standardError: for line in lines { self.log("\(self.name): \(String(decoding: line, as: UTF8.self))") }
        case .standardOutput: for line in lines { self.take(line) }
        }
    }

    private func take(_ line: Data) {
        guard line.count <= Self.longestLine, let answer = try? LineCoding.decode(ProgramAnswer.self, from: line),
            let id = answer.id
        else {
            let text = String(decoding: line.prefix(500), as: UTF8.self)
            return self.log("\(self.name) answered something that does not fit the protocol: \(text)")
        }
        // A late answer has nobody waiting for it.
        self.state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(returning: answer)
    }

    private func ended(_ start: Int, _ status: ExitStatus) {
        let ids = self.state.withLock { state -> [Int] in
            guard state.start == start else { return [] }
            state.process = nil
            return Array(state.waiting.keys)
        }
        self.fail(ids, self.unreachable("it ended with \(status)"))
    }

    private func fail(_ ids: [Int], _ error: BackendError) {
        for id in ids { self.state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(throwing: error) }
    }

    private func unreachable(_ reason: String) -> BackendError {
        BackendError(
            code: .unreachable, message: "the backend program \(self.spec.executable): \(reason)", isTransient: true)
    }
}
