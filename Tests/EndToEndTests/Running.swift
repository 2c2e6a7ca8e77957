import Foundation
import MusterProcess
import Synchronization

/// A program that runs while the test goes on.
final class Running: Sendable {
    private struct State {
        var process: SpawnedProcess?
        var output = Data()
        var status: ExitStatus?
        var waiting: [(needle: String?, CheckedContinuation<Void, Never>)] = []
    }

    private let state = Mutex(State())

    var process: SpawnedProcess? {
        get { self.state.withLock { $0.process } }
        set { self.state.withLock { $0.process = newValue } }
    }

    var output: String { self.state.withLock { String(decoding: $0.output, as: UTF8.self) } }

    func receive(_ bytes: UnsafeRawBufferPointer) {
        self.state.withLock { $0.output.append(contentsOf: bytes) }
        self.wake()
    }

    func end(_ status: ExitStatus) {
        self.state.withLock { $0.status = status }
        self.wake()
    }

    /// Waits until the output holds `text`, or the program has ended.
    func wait(for text: String) async {
        await withCheckedContinuation { continuation in
            self.state.withLock { $0.waiting.append((text, continuation)) }
            self.wake()
        }
    }

    /// Waits for the program's end.
    func end() async -> ExitStatus? {
        await withCheckedContinuation { continuation in
            self.state.withLock { $0.waiting.append((nil, continuation)) }
            self.wake()
        }
        return self.state.withLock { $0.status }
    }

    private func wake() {
        let due = self.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            let output = String(decoding: state.output, as: UTF8.self)
            let isOver = state.status != nil
            let due = state.waiting.filter { isOver || ($0.needle.map(output.contains) ?? false) }
            state.waiting.removeAll { isOver || ($0.needle.map(output.contains) ?? false) }
            return due.map(\.1)
        }
        for continuation in due { continuation.resume() }
    }
}
