import ArgumentParser
import Foundation
import MusterHistory
import MusterMetadata
import MusterModel
import MusterStore

/// `muster card`
struct CardVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "card", abstract: "Look at the pages of tasks with @card, also while they run.",
        subcommands: [CardListVerb.self, CardGetVerb.self, CardViewVerb.self])
}

/// The options that choose cards.
struct CardOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Only the card with this id.", valueName: "id")) var id: String?
    @Option(name: .long, help: ArgumentHelp("Only cards of this type.", valueName: "type")) var type: String?
    @Option(name: .long, help: ArgumentHelp("Only the card whose digest begins so.", valueName: "digest")) var hash:
        String?
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    /// The cards of the tasks that `text` names, in the order of the tasks.
    /// - Throws: ``CommandFailure`` when there is none.
    func find(_ text: String) async throws -> [TaskCard] {
        let pathspec = try RunFinder.pathspec(text)
        let store = try self.store.existing(self.flow)
        let record = try await store.finder.record(of: pathspec)
        let state = try await store.state(of: record)
        let (tasks, node) = try RunFinder.tasks(pathspec, in: state)
        var search = CardSearch(store.layout, node: node)
        var cards: [TaskCard] = []
        let places = try await store.places(of: tasks, in: state) { $0.isCard }
        for (task, place) in zip(tasks, places) {
            cards += try search.cards(of: task, at: place).filter(self.isMeant)
        }
        guard !cards.isEmpty else {
            throw CommandFailure(.notFound, "no task of \(text) has such a card; put @card on its step")
        }
        return cards
    }

    /// The only card of the tasks that `text` names.
    func one(_ text: String) async throws -> TaskCard {
        let cards = try await self.find(text)
        guard cards.count == 1 else {
            throw CommandFailure(
                .usage,
                "\(text) has \(Count.text(cards.count, "card")); name a task, or choose with --id, --type or --hash: `muster card list \(text)` shows them"
            )
        }
        return cards[0]
    }

    private func isMeant(_ card: TaskCard) -> Bool {
        (self.id == nil || self.id == card.name.id) && (self.type == nil || self.type == card.name.type)
            && (self.hash.map { card.digest.hasPrefix($0) } ?? true)
    }
}

/// `muster card list`
struct CardListVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The cards of a run, a step or a task.")

    @Argument(help: "Flow/run, Flow/run/step or Flow/run/step/task; the run may be called latest.") var pathspec: String
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var options: CardOptions

    private struct Row: Encodable {
        var task: String
        var type: String
        var id: String?
        var hash: String
        var path: String
    }

    func run() async throws {
        if self.json {
            let rows = try await self.options.find(self.pathspec).map { card in
                Row(
                    task: card.task, type: card.name.type, id: card.name.id, hash: card.digest,
                    path: AbsolutePath.of(card.path))
            }
            StandardStream.output.line(try JSONText.page(rows))
            return
        }
        var table = Table("TASK", "TYPE", "ID", "HASH")
        for card in try await self.options.find(self.pathspec) {
            table.append(card.task, card.name.type, card.name.id ?? "", String(card.digest.prefix(12)))
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
        let page = try Data(contentsOf: URL(filePath: try await self.options.one(self.pathspec).path))
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
        discussion:
            "Prints the page's file; $BROWSER or xdg-open opens it where there is one. A running task's page renews itself."
    )

    @Argument(help: "Flow/run/step or Flow/run/step/task; the run may be called latest.") var pathspec: String
    @OptionGroup var options: CardOptions

    func run() async throws {
        // The store's own file, so that a browser that loads it again shows what a running task has added.
        let file = AbsolutePath.of(try await self.options.one(self.pathspec).path)
        StandardStream.output.line(file)
        try await Browser.open(file, try CommandContext(self.options.flow))
    }
}
