import Foundation
import HTTPTypes
import Hummingbird
import MusterHistory
import MusterModel
import NIOCore

/// Answers requests for the resources of `Documentation/WebView.md`.
struct Resources: Sendable {
    let dashboard: Dashboard
    let options: DashboardOptions

    private var live: LiveAnswer { LiveAnswer(interval: self.dashboard.store.lookInterval) }

    /// Adds the resources to a router.
    func add(to router: Router<BasicRequestContext>) {
        let task = "runs/:flow/:run/tasks/:task"
        let api = ResourceRoutes(group: router.group("api"))
        api.get("store") { _, _ in try self.store() }
        api.get("runs") { request, _ in try await self.runs(request) }
        api.get("runs/:flow/:run") { request, context in try await self.run(request, context) }
        api.post("runs/:flow/:run/cancel") { request, context in try await self.cancel(request, context) }
        api.post("runs/:flow/:run/tags") { request, context in try await self.tags(request, context) }
        api.get(task) { request, context in try await self.task(request, context) }
        api.get("\(task)/log") { request, context in try await self.log(request, context) }
        api.get("\(task)/artifacts") { request, context in try await self.artifacts(request, context) }
        api.get("\(task)/artifacts/:name") { request, context in try await self.artifact(request, context) }
        api.get("\(task)/cards/:node/:name") { request, context in try await self.card(request, context) }
    }

    // MARK: - Reading

    private struct Store: Encodable {
        let name: String
        let user: String
        let isReadOnly: Bool
        let version: String
    }

    private func store() throws -> Response {
        try Answer.json(
            Store(
                name: self.dashboard.store.name, user: self.options.user, isReadOnly: self.options.isReadOnly,
                version: self.options.version))
    }

    private func runs(_ request: Request) async throws -> Response {
        let query = try RunsQuery(Query(request, known: RunsQuery.parameters))
        guard LiveAnswer.isWanted(request) else { return try Answer.json(try await self.dashboard.runs(query)) }
        return self.live.response { (_: RunsView?) in try await self.dashboard.runs(query) }
    }

    private func run(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        _ = try Query(request, known: [])
        let key = try await self.key(context)
        let view = try await self.dashboard.run(key)
        guard LiveAnswer.isWanted(request) else { return try Answer.json(view) }
        return self.live.response { (_: RunView?) in try await self.dashboard.run(key) }
    }

    private func task(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let (key, task) = (try await self.key(context), try self.task(context))
        let attempt = try Query(request, known: ["attempt"]).index("attempt")
        let view = try await self.dashboard.task(key, task, attempt: attempt)
        guard LiveAnswer.isWanted(request) else { return try Answer.json(view) }
        return self.live.response { (_: TaskView?) in
            try await self.dashboard.task(key, task, attempt: attempt)
        }
    }

    private func log(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let (key, task) = (try await self.key(context), try self.task(context))
        let query = try LogQuery(Query(request, known: LogQuery.parameters))
        let view = try await self.dashboard.log(key, task, query)
        guard LiveAnswer.isWanted(request) else { return try Answer.json(view) }
        switch query.from {
        case .end, .after: break
        case .before, .time:
            throw DashboardError(
                .request, "a log is followed from its end or a position; before and at are for one answer")
        }
        return self.live.response { (last: LogView?) -> LogView in
            var next = query
            if let last { next.from = .after(last.page.after) }
            return try await self.dashboard.log(key, task, next)
        }
    }

    private func artifacts(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let node = try Query(request, known: ["node"]).index("node") ?? 0
        return try Answer.json(
            try await self.dashboard.artifacts(self.key(context), self.task(context), node: node))
    }

    private func artifact(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let node = try Query(request, known: ["node"]).index("node") ?? 0
        let name = try self.part("name", context)
        let file = try await self.dashboard.artifact(
            self.key(context), self.task(context), node: node, name: name)
        return FileAnswer.download(file.path, size: file.size, name: name)
    }

    private func card(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let attempt = try Query(request, known: ["attempt", "digest"]).index("attempt")
        guard let node = Int(try self.part("node", context)), node >= 0 else {
            throw DashboardError(.request, "a node is a number")
        }
        let page = try await self.dashboard.card(
            self.key(context), self.task(context), node: node, name: self.part("name", context), attempt: attempt)
        return Response(
            status: .ok,
            headers: [.contentType: "text/html; charset=utf-8", .contentSecurityPolicy: Self.cardPolicy],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: page)))
    }

    /// An origin of its own, scripts and pictures that are in the page itself, and no network.
    private static let cardPolicy =
        "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data:"

    // MARK: - Changes

    private struct Cancelled: Encodable { let status: RunStatus }
    private struct Tags: Encodable { let tags: [String] }
    private struct TagChange: Decodable {
        var add: Set<String>?
        var remove: Set<String>?
    }
    /// An object without members that count.
    private struct Nothing: Decodable {
        init(from decoder: any Decoder) throws {
            _ = try decoder.singleValueContainer().decode([String: JSONValue].self)
        }
    }

    private func cancel(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        _ = try await self.change(request, Nothing.self)
        return try Answer.json(Cancelled(status: try await self.dashboard.cancel(self.key(context))))
    }

    private func tags(_ request: Request, _ context: BasicRequestContext) async throws -> Response {
        let change = try await self.change(request, TagChange.self)
        return try Answer.json(
            Tags(
                tags: try await self.dashboard.changeTags(
                    of: self.key(context), adding: change.add ?? [], removing: change.remove ?? [])))
    }

    /// The body of a request that changes something.
    private func change<Body: Decodable>(_ request: Request, _ type: Body.Type) async throws -> Body {
        guard !self.options.isReadOnly else {
            throw DashboardError(.refused, "this server was started with --read-only")
        }
        // Forms of other pages can have no such type.
        guard request.headers[.contentType]?.hasPrefix("application/json") == true else {
            throw DashboardError(.request, "the body is JSON, with Content-Type: application/json")
        }
        var request = request
        let body = try await request.collectBody(upTo: 1 << 20)
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch {
            throw DashboardError(.request, "the body is not what this resource takes: \(error)")
        }
    }

    // MARK: - Addresses

    /// A part of the address, as it was before it was escaped.
    private func part(_ name: String, _ context: BasicRequestContext) throws -> String {
        let text = try context.parameters.require(name)
        guard let part = text.removingPercentEncoding, !part.isEmpty else {
            throw DashboardError(.request, "the address is not escaped as it should be")
        }
        return part
    }

    private func key(_ context: BasicRequestContext) async throws -> RunKey {
        try await self.dashboard.key(self.part("flow", context), self.part("run", context))
    }

    private func task(_ context: BasicRequestContext) throws -> Int {
        guard let task = Int(try self.part("task", context)), task > 0 else {
            throw DashboardError(.request, "a task is a number")
        }
        return task
    }
}
