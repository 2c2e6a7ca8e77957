package import FoundationEssentials
package import MusterMetadata
package import MusterModel
import MusterWire

/// Events that were appended together: one line of JSON, which is an object of its own, and one of a segment's lines.
package struct EventBatch: Codable, Sendable, Equatable {
    /// The number of the first one in the run, counted from 1.
    package var first: Int
    /// Unix seconds.
    package var time: Double
    package var events: [RunEvent]

    package init(first: Int, time: Double, events: [RunEvent]) {
        self.first = first
        self.time = time
        self.events = events
    }

    /// The number of the last one.
    package var last: Int { self.first + self.events.count - 1 }

    package func line() throws -> Data { try LineCoding.encode(self) }

    /// The lines of events that follow one another in a run: one for those of one time.
    /// - Parameter first: The number of the first one.
    package static func lines(of events: [RecordedEvent], first: Int) throws -> Data {
        var lines = Data()
        var batch = EventBatch(first: first, time: 0, events: [])
        for recorded in events {
            if recorded.time != batch.time, !batch.events.isEmpty {
                lines += try batch.line()
                batch = EventBatch(first: batch.last + 1, time: recorded.time, events: [])
            }
            batch.time = recorded.time
            batch.events.append(recorded.event)
        }
        return batch.events.isEmpty ? lines : lines + (try batch.line())
    }

    /// Reads lines.
    /// - Parameter key: Their object, for the message.
    /// - Throws: `MetadataError` with code `corrupt`.
    package static func read(_ lines: Data, key: String) throws -> [EventBatch] {
        do {
            return try lines.split(separator: UInt8(ascii: "\n")).map {
                try LineCoding.decode(EventBatch.self, from: Data($0))
            }
        } catch {
            throw MetadataError(
                code: .corrupt,
                message: "the events in the object \(key) cannot be read; it was damaged, or written by another version"
            )
        }
    }
}

extension RunEvent {
    /// The artifacts that the event names.
    package var references: [ArtifactReference] {
        switch self {
        case .attemptSucceeded(_, _, let nodes), .cloned(_, _, _, let nodes): nodes.flatMap(\.references)
        case .attemptFailed(_, _, _, let caught, let left):
            (caught ?? []).flatMap(\.references) + (left ?? [:]).values.flatMap(\.values)
        case .started, .attemptStarted, .attemptSubmitted, .attemptInterrupted, .cancelled, .ended: []
        }
    }
}
