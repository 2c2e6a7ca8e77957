import FoundationEssentials
import MusterModel
import MusterProcess
import Synchronization

/// The output of a flow program that was asked for a plan.
final class PlanOutput: Sendable {
    private let streams = Mutex<[ProcessStream: Data]>([:])
    /// Bytes of each stream that are kept.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    func append(_ stream: ProcessStream, _ bytes: UnsafeRawBufferPointer) {
        self.streams.withLock { streams in
            let room = self.limit - (streams[stream]?.count ?? 0)
            streams[stream, default: Data()].append(contentsOf: bytes.prefix(room))
        }
    }

    /// True when there was more than ``limit``.
    var isTooLong: Bool { self.streams.withLock { ($0[.standardOutput]?.count ?? 0) >= self.limit } }

    var answer: Data { self.streams.withLock { $0[.standardOutput] ?? Data() } }

    /// The end of standard error, as the end of a sentence.
    var errors: String {
        let text = self.streams.withLock { String(decoding: ($0[.standardError] ?? Data()).suffix(500), as: UTF8.self) }
        return text.allSatisfy(\.isWhitespace) ? "" : "; it said: \(text)"
    }
}
