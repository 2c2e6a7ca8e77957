import Foundation
import HTTPTypes
import Hummingbird
import MusterHistory
import MusterSystem
import NIOCore

/// The state of a resource at a time.
protocol LiveView: Encodable, Sendable {
    /// The part of it that has changed since `earlier`; nil when nothing has.
    func changed(since earlier: Self) -> Self?
    /// True when it cannot change any more.
    var isFinal: Bool { get }
}

extension LiveView where Self: Equatable {
    func changed(since earlier: Self) -> Self? { self == earlier ? nil : self }
}

/// Answers with the states of a resource as they follow each other, as server-sent events.
struct LiveAnswer {
    /// Seconds between two looks.
    let interval: Double
    /// Seconds after which a comment is sent where nothing else is.
    private static let quiet = 15.0

    static func isWanted(_ request: Request) -> Bool {
        request.headers[.accept]?.contains("text/event-stream") ?? false
    }

    /// - Parameter next: Gives the state now; it gets the one before.
    func response<View: LiveView>(_ next: @escaping @Sendable (View?) async throws -> View) -> Response {
        let interval = self.interval
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream"],
            body: ResponseBody { writer in
                var stream = LiveStream<View>()
                var spoken = Uptime.now()
                while !stream.isOver {
                    let event = stream.event(for: await Self.result(of: next, after: stream.last))
                    if let text = event ?? (Uptime.now() - spoken > Self.quiet ? ": still here\n\n" : nil) {
                        try await writer.write(ByteBuffer(string: text))
                        spoken = Uptime.now()
                    }
                    if !stream.isOver { try await Task.sleep(for: .seconds(interval)) }
                }
                try await writer.write(ByteBuffer(string: "event: over\ndata: {}\n\n"))
                try await writer.finish(nil)
            })
    }

    private static func result<View: LiveView>(
        of next: @Sendable (View?) async throws -> View, after last: View?
    ) async -> Result<View, any Error> {
        do { return .success(try await next(last)) } catch { return .failure(error) }
    }
}

/// Turns the states of a resource into server-sent events. Pure.
struct LiveStream<View: LiveView> {
    private(set) var last: View?
    private var lastFailure: String?

    var isOver: Bool { self.last?.isFinal ?? false }

    /// The event to send; nil when nothing has changed. A look that fails is told once, and the next one may succeed.
    mutating func event(for result: Result<View, any Error>) -> String? {
        switch result {
        case .failure(let error):
            let text = Self.text(of: error)
            defer { self.lastFailure = text }
            return text == self.lastFailure ? nil : "event: failure\ndata: \(text)\n\n"
        case .success(let view):
            let shown = self.last.map { view.changed(since: $0) } ?? view
            self.last = view
            self.lastFailure = nil
            guard let shown else { return nil }
            do {
                return "data: \(try JSONText.line(shown))\n\n"
            } catch {
                return "event: failure\ndata: \(Self.text(of: error))\n\n"
            }
        }
    }

    private static func text(of error: any Error) -> String {
        // A text is always encoded.
        (try? JSONText.line(["message": "\(error)"])) ?? "{}"
    }
}
