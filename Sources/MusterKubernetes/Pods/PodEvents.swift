import Foundation
import MusterBackends

/// What the cluster has noted about a pod (https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/): a
/// volume that cannot be mounted, an address that cannot be had stand nowhere else.
struct PodEvents: Decodable, Sendable {
    struct Event: Decodable, Sendable {
        var type: String?
        var reason: String?
        var message: String?
        var lastTimestamp: String?
        var eventTime: String?
    }

    var items: [Event]

    /// The newest warning; nil when there is none.
    var warning: String? {
        // Both times are of one clock and in one format, so that they are ordered as texts are.
        let newest = self.items.filter { $0.type == "Warning" }.max {
            ($0.lastTimestamp ?? $0.eventTime ?? "") < ($1.lastTimestamp ?? $1.eventTime ?? "")
        }
        guard let newest else { return nil }
        return [newest.reason, newest.message].compactMap(\.self).joined(separator: ": ")
    }
}

/// Gangs whose containers are being made for longer than that takes, and what the cluster has noted about them. Pure.
struct SlowStarts: Sendable {
    /// Seconds for which a container may be made without a question, and between two.
    private static let patience = 12.0

    private struct Start {
        var since: Double
        var asked: Double?
        var words: String?
    }

    private var starts: [String: Start] = [:]

    /// - Returns: True when the cluster should be asked about the job now.
    mutating func note(_ job: String, _ state: JobState, at now: Double) -> Bool {
        guard case .queued(let wait) = state, wait.reason == PodState.creating else {
            self.starts[job] = nil
            return false
        }
        var start = self.starts[job] ?? Start(since: now)
        let isDue = now - (start.asked ?? start.since) >= Self.patience
        if isDue { start.asked = now }
        self.starts[job] = start
        return isDue
    }

    mutating func learn(_ words: String?, about job: String) { self.starts[job]?.words = words }

    /// The state with what the cluster has noted.
    func explained(_ state: JobState, of job: String) -> JobState {
        guard case .queued(var wait) = state, let words = self.starts[job]?.words else { return state }
        wait.reason = words
        return .queued(wait)
    }
}
