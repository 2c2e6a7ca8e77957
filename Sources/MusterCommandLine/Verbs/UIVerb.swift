import ArgumentParser
import Foundation
import MusterDashboard
import MusterHistory
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore
import MusterSystem

/// `muster ui`
struct UIVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ui", abstract: "Show runs, their gangs and why they failed in a browser.",
        discussion: """
            Prints the page's address and serves it until it is interrupted. Any other host than this machine's own needs \
            the token in that address.
            """)

    @Option(name: .long, help: ArgumentHelp("The port; 0 for any that is free.", valueName: "port")) var port = 8080
    @Option(name: .long, help: ArgumentHelp("The address to serve at.", valueName: "host")) var host = "127.0.0.1"
    @Flag(name: .long, help: "Open the page in a browser: $BROWSER, or xdg-open.") var open = false
    @Flag(name: .long, help: "Refuse to cancel runs and to change tags.") var readOnly = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    func validate() throws {
        guard (0...65_535).contains(self.port) else {
            throw ValidationError("--port is \(self.port); it has to be 0 to 65535")
        }
    }

    func run() async throws {
        let store = try self.store.existing(self.flow)
        let context = try CommandContext(self.flow, given: self.store.given)
        let server = DashboardServer(
            ShownStore(opened: store, context: context),
            DashboardOptions(
                host: self.host, port: self.port, isReadOnly: self.readOnly, version: ProgramVersion.number,
                user: context.user, assets: context.environment["MUSTER_UI_ASSETS"]))
        let (addresses, listening) = AsyncStream<String>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { listening.finish() }
                try await self.serve(server) { listening.yield($0) }
            }
            for await address in addresses {
                StandardStream.output.line(address)
                if self.open { try await Browser.open(address, context) }
            }
            try await group.waitForAll()
        }
    }

    private func serve(_ server: DashboardServer, onListening: @escaping @Sendable (String) -> Void) async throws {
        do {
            try await server.run(onListening: onListening)
        } catch {
            throw CommandFailure(
                .usage,
                "\(self.host):\(self.port) cannot be served (\(error)); choose another with --host and --port")
        }
    }
}

/// The opened store as the dashboard needs it.
private struct ShownStore: DashboardStore {
    let opened: OpenedStore
    let context: CommandContext

    var name: String { self.context.settings.store ?? self.opened.layout.root }
    var layout: StoreLayout { self.opened.layout }
    var metadata: any MetadataStore { self.opened.metadata }
    /// A look into a folder costs next to nothing.
    var lookInterval: Double { self.opened.bucket == nil ? 0.2 : self.opened.lookInterval }

    func lookAtEngine(of run: RunKey) async throws { try await self.opened.lookAtEngine(of: run) }

    func places(
        of tasks: [RunTask], in state: RunState, where isWanted: @escaping @Sendable (AttemptFile.Kind) -> Bool
    ) async throws -> [TaskPlace] {
        try await self.opened.places(of: tasks, in: state, where: isWanted)
    }

    func fetch(_ references: [ArtifactReference]) async throws { try await self.opened.fetch(references) }

    /// By the verb, in a process of its own: one that ends a run holds the run's lock, and dies if it loses that.
    func cancel(_ run: RunKey) async throws {
        let outcome = try await self.context.reactor.run(
            ProcessSpec(
                executable: CommandContext.ownPath, arguments: ["cancel", "\(run)", "--store", self.name],
                environment: self.context.environment))
        guard outcome.status.isSuccess else {
            throw DashboardError(.cancel, "the run could not be ended\(LastLines.of(outcome.standardError))")
        }
    }
}
