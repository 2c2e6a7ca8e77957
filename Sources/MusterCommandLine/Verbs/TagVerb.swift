import ArgumentParser
import MusterHistory
import MusterMetadata
import MusterModel

/// `muster tag`
struct TagVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Look at the tags of a run, and change them.",
        subcommands: [TagListVerb.self, TagAddVerb.self, TagRemoveVerb.self, TagReplaceVerb.self])
}

/// The argument that names the run.
struct TaggedRun: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The run. (with --program by default: the flow's newest)", valueName: "run"))
    var runId: String?
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    /// The run, and the words that do not name it.
    /// - Throws: ``CommandFailure`` when there is no such run.
    func find(_ words: [String]) async throws -> (metadata: any MetadataStore, run: RunKey, words: [String]) {
        let store = try self.store.existing(self.flow)
        let (metadata, finder) = (store.metadata, store.finder)
        if let runId = self.runId { return (metadata, try await finder.record(runId).key, words) }
        if self.flow.program != nil {
            let name = try await CommandContext(self.flow).flow(named: nil, self.flow).manifest.name
            return (metadata, try await finder.record(name).key, words)
        }
        guard let run = words.first else {
            throw CommandFailure(.usage, "which run? name it first, as Flow/run or Flow/latest")
        }
        return (metadata, try await finder.record(run).key, Array(words.dropFirst()))
    }

    func tags(_ words: [String], atLeast count: Int) throws -> Set<String> {
        guard words.count >= count else {
            throw CommandFailure(.usage, "which tags? name \(count == 1 ? "at least one" : "\(count)")")
        }
        if let word = words.first(where: { !RunTag.isOne($0) }) { throw CommandFailure(.usage, RunTag.refusal(word)) }
        return Set(words)
    }
}

/// `muster tag list`
struct TagListVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "The tags of a run, one a line.")

    @Argument(help: "The run.") var words: [String] = []
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var tagged: TaggedRun

    func run() async throws {
        let (metadata, key, _) = try await self.tagged.find(self.words)
        let tags = try await metadata.tags(of: key)
        if self.json {
            StandardStream.output.line(try JSONText.page(tags))
        } else {
            for tag in tags { StandardStream.output.line(PrintableText.line(tag)) }
        }
    }
}

/// `muster tag add`
struct TagAddVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Add tags to a run.")

    @Argument(help: ArgumentHelp("The run, and the tags.", valueName: "word")) var words: [String] = []
    @OptionGroup var tagged: TaggedRun

    func run() async throws {
        let (metadata, key, words) = try await self.tagged.find(self.words)
        try await metadata.changeTags(of: key, adding: try self.tagged.tags(words, atLeast: 1), removing: [])
    }
}

/// `muster tag remove`
struct TagRemoveVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Take tags off a run.")

    @Argument(help: ArgumentHelp("The run, and the tags.", valueName: "word")) var words: [String] = []
    @OptionGroup var tagged: TaggedRun

    func run() async throws {
        let (metadata, key, words) = try await self.tagged.find(self.words)
        try await metadata.changeTags(of: key, adding: [], removing: try self.tagged.tags(words, atLeast: 1))
    }
}

/// `muster tag replace`
struct TagReplaceVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replace", abstract: "Replace tags of a run by others, in one step.",
        usage: """
            muster tag replace <run> <old> <new>
            muster tag replace <run> --remove <old> ... --add <new> ...
            """)

    @Argument(help: ArgumentHelp("The run, the tag that goes, and the one that comes.", valueName: "word")) var words:
        [String] = []
    @Option(help: ArgumentHelp("A tag that goes; may be given several times.", valueName: "tag")) var remove: [String] =
        []
    @Option(help: ArgumentHelp("A tag that comes; may be given several times.", valueName: "tag")) var add: [String] =
        []
    @OptionGroup var tagged: TaggedRun

    func run() async throws {
        let (metadata, key, words) = try await self.tagged.find(self.words)
        let isPair = words.count == 2 && self.add.isEmpty && self.remove.isEmpty
        guard isPair || (words.isEmpty && !self.add.isEmpty && !self.remove.isEmpty) else {
            throw CommandFailure(
                .usage,
                "tag replace takes two tags, the one that goes and the one that comes, or some with --remove and some with --add"
            )
        }
        let adding = try self.tagged.tags(isPair ? [words[1]] : self.add, atLeast: 1)
        let removing = try self.tagged.tags(isPair ? [words[0]] : self.remove, atLeast: 1)
        try await metadata.changeTags(of: key, adding: adding, removing: removing)
    }
}
