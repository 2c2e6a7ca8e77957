import ArgumentParser
import Foundation
import MusterMetadata
import MusterModel
import MusterProcess
import MusterStore

/// `muster card`
struct CardVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "card", abstract: "Look at the pages that tasks with @card have left.",
        subcommands: [CardListVerb.self, CardGetVerb.self, CardViewVerb.self])
}

/// The page of a task: an artifact whose name says which of the step's cards it is.
struct TaskCard: Equatable {
    /// Its place among the step's cards.
    let place: Int
    let type: String
    let id: String?
    let task: String
    let reference: ArtifactReference

    /// What the names of such artifacts begin with; the place, the type and the id follow, with `_` between them.
    private static let prefix = "_card_"

    /// nil for every other artifact.
    init?(name: String, reference: ArtifactReference, task: String) {
        guard name.hasPrefix(Self.prefix) else { return nil }
        let parts = name.dropFirst(Self.prefix.count).split(separator: "_", maxSplits: 2)
        guard parts.count > 1, let place = Int(parts[0]) else { return nil }
        self.place = place
        self.type = String(parts[1])
        self.id = parts.count > 2 ? String(parts[2]) : nil
        self.task = task
        self.reference = reference
    }
}

/// Which cards.
struct CardOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Only the card with this id.", valueName: "id")) var id: String?
    @Option(name: .long, help: ArgumentHelp("Only cards of this type.", valueName: "type")) var type: String?
    @Option(name: .long, help: ArgumentHelp("Only the card whose digest begins so.", valueName: "digest")) var hash:
        String?
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    /// The cards of the tasks that `text` names, in the order of the tasks.
    /// - Throws: ``CommandFailure`` when there is none.
    func find(_ text: String) async throws -> (cards: [TaskCard], store: ArtifactStore) {
        let pathspec = try RunFinder.pathspec(text)
        let (layout, metadata) = try self.store.existing()
        let record = try await RunFinder(layout: layout, metadata: metadata).record(of: pathspec)
        let (tasks, node) = try RunFinder.tasks(pathspec, in: try await RunState(record, in: layout, metadata))
        let cards = tasks.flatMap { self.cards(of: $0, node: node) }
        guard !cards.isEmpty else {
            throw CommandFailure(.notFound, "no task of \(text) has such a card; put @card on its step")
        }
        return (cards, ArtifactStore(layout))
    }

    /// The only card of the tasks that `text` names.
    func one(_ text: String) async throws -> (card: TaskCard, store: ArtifactStore) {
        let (cards, store) = try await self.find(text)
        guard cards.count == 1 else {
            throw CommandFailure(
                .usage,
                "\(text) has \(Count.text(cards.count, "card")); name a task, or choose with --id, --type or --hash: `muster card list \(text)` shows them"
            )
        }
        return (cards[0], store)
    }

    private func cards(of task: RunTask, node: Int?) -> [TaskCard] {
        task.results.enumerated().flatMap { index, result in
            guard node == nil || node == index else { return [TaskCard]() }
            let name = "\(task.step)/\(TaskName(number: task.number, node: index))"
            return result.artifacts.compactMap { TaskCard(name: $0.key, reference: $0.value, task: name) }
                .filter(self.isMeant).sorted { $0.place < $1.place }
        }
    }

    private func isMeant(_ card: TaskCard) -> Bool {
        (self.id == nil || self.id == card.id) && (self.type == nil || self.type == card.type)
            && (self.hash.map { card.reference.digest.hasPrefix($0) } ?? true)
    }
}

/// `muster card list`
struct CardListVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The cards of a run, a step or a task.")

    @Argument(help: "Flow/run, Flow/run/step or Flow/run/step/task; the run may be called latest.") var pathspec: String
    @OptionGroup var options: CardOptions

    func run() async throws {
        let (cards, _) = try await self.options.find(self.pathspec)
        var table = Table("TASK", "TYPE", "ID", "HASH")
        for card in cards {
            table.append(card.task, card.type, card.id ?? "", String(card.reference.digest.prefix(12)))
        }
        StandardStream.output.write(Array(table.text.utf8))
    }
}

/// `muster card get`
struct CardGetVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get", abstract: "Print a card's page, or write it into a file.")

    @Argument(help: "Flow/run/step or Flow/run/step/task; the run may be called latest.") var pathspec: String
    @Argument(help: "The file; standard output without one.") var file: String?
    @OptionGroup var options: CardOptions

    func run() async throws {
        let (card, store) = try await self.options.one(self.pathspec)
        let page = try store.data(card.reference)
        guard let file = self.file else {
            StandardStream.output.write(page)
            return
        }
        do {
            try page.write(to: URL(filePath: AbsolutePath.of(file)))
        } catch {
            throw CommandFailure(.usage, "the card cannot be written to \(file): \(error.localizedDescription)")
        }
    }
}

/// `muster card view`
struct CardViewVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "view", abstract: "Open a card's page in a browser.",
        discussion: "Prints the page's file; $BROWSER or xdg-open opens it where there is one.")

    @Argument(help: "Flow/run/step or Flow/run/step/task; the run may be called latest.") var pathspec: String
    @OptionGroup var options: CardOptions

    func run() async throws {
        let (card, store) = try await self.options.one(self.pathspec)
        // A browser tells what a file is by the end of its name, which a file of the store does not have.
        let file = FileManager.default.temporaryDirectory.appending(
            path: "muster-card-\(card.reference.digest.prefix(12)).html")
        try store.data(card.reference).write(to: file)
        StandardStream.output.line(file.path)
        let context = try CommandContext()
        let path = context.environment["PATH"] ?? ""
        let named = context.environment["BROWSER"].flatMap { $0.isEmpty ? nil : $0 }
        guard let browser = ExecutableSearch.find(named ?? "xdg-open", path: path),
            context.environment["DISPLAY"] != nil || named != nil
        else { return }
        let spec = ProcessSpec(executable: browser, arguments: [file.path], environment: context.environment)
        _ = try await context.reactor.run(spec)
    }
}
