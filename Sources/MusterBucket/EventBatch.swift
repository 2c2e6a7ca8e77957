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
