import ArgumentParser
import Foundation
import MusterBucket
import MusterCourier
import MusterHistory
import MusterModel
import MusterStore

/// `muster dump`
struct DumpVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump", abstract: "Print the artifacts of a task, or of every task of a step.",
        discussion: """
            One artifact alone is printed whole; a list shows the beginning of each. To show the pickles of a Python flow \
            is to run code of the store: the pickles' own and the flow in its code package.
            """)

    @Argument(
        help: "Flow/run/step, Flow/run/step/task, or that with /artifact at the end; the run may be called latest.")
    var pathspec: String
    @Option(name: .long, help: "The node of the gang. (default: the control node, 0)") var node: Int?
    @Option(name: .long, help: ArgumentHelp("Characters of each value in a list.", valueName: "count"))
    var maxValueSize = 1000
    @Option(name: .long, help: ArgumentHelp("Write the bytes of one artifact into this file.", valueName: "file"))
    var file: String?
    @Option(name: .long, help: ArgumentHelp("Only these, with commas between them.", valueName: "names")) var include =
        ""
    @Flag(name: .long, help: "Also artifacts whose names begin with _.") var `private` = false
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    private struct Row: Encodable {
        var name: String
        var encoding: ArtifactEncoding?
        var size: Int?
        var digest: String?
        /// The value of a parameter, which is kept as a text.
        var parameter: VerbatimJSON?
        /// The value of JSON artifacts that are not too large.
        var value: JSONValue?
        /// The contents of a pickle, as Python prints them.
        var text: String?
    }

    func validate() throws {
        guard self.maxValueSize >= 1 else {
            throw ValidationError("--max-value-size is \(self.maxValueSize); it has to be 1 or more")
        }
    }

    func run() async throws {
        let pathspec = try RunFinder.pathspec(self.pathspec)
        guard pathspec.step != nil else {
            throw CommandFailure(.usage, "'\(self.pathspec)' names no step; write Flow/run/step or Flow/run/step/task")
        }
        let opened = try self.store.existing(self.flow)
        let record = try await opened.finder.record(of: pathspec)
        let shown = Shown(opened: opened, record: record)
        let state = try await opened.state(of: record)
        guard let name = pathspec.artifact else {
            guard self.file == nil else {
                throw CommandFailure(.usage, "--file takes one artifact; name it: \(self.pathspec)/artifact")
            }
            return try await pathspec.task == nil
                ? self.dump(step: pathspec, state, shown) : self.list(self.artifacts(of: pathspec, in: state), shown)
        }
        let artifacts = try self.artifacts(of: pathspec, in: state)
        if let reference = try artifacts[name] ?? shown.files()[name] {
            return try await self.print(name, reference, shown)
        }
        if let value = shown.texts[name] { return try self.print(name, value) }
        let known = Set(artifacts.keys).union(shown.names)
        let hint = NameSuggestion.hint(for: name, among: Array(known))
        throw CommandFailure(
            .notFound, "the task has no artifact '\(name)'\(hint); it has \(known.sorted().joined(separator: ", "))")
    }

    /// Every task of a step that has begun, one below the other.
    private func dump(step pathspec: Pathspec, _ state: RunState, _ shown: Shown) async throws {
        var found: [(task: String, artifacts: [String: ArtifactReference])] = []
        for task in try RunFinder.tasks(pathspec, in: state).tasks {
            guard let artifacts = task.artifacts(node: self.node ?? 0) else { continue }
            found.append(("\(task.step)/\(TaskName(number: task.number, node: self.node ?? 0))", artifacts))
        }
        guard !found.isEmpty else {
            throw CommandFailure(.notFound, "no task of \(self.pathspec) has left artifacts by now")
        }
        var rows: [Rows] = []
        var problems: [Problem] = []
        for (task, artifacts) in found {
            if !self.json { StandardStream.output.line("\(found.first?.task == task ? "" : "\n")\(task)") }
            let (own, unread) = try await self.rows(artifacts, shown)
            rows.append(Rows(task: task, artifacts: own))
            problems += unread
        }
        if self.json { StandardStream.output.line(try JSONText.page(rows)) }
        try self.conclude(problems)
    }

    private struct Rows: Encodable {
        var task: String
        var artifacts: [Row]
    }

    /// The store of the artifacts, and the run that made them, with its parameters by the flow's names.
    private struct Shown {
        let store: ArtifactStore
        let opened: OpenedStore
        let record: RunRecord
        let texts: [String: VerbatimJSON]
        private let references: [String: String]

        init(opened: OpenedStore, record: RunRecord) {
            self.store = ArtifactStore(opened.layout)
            self.opened = opened
            self.record = record
            var texts: [String: VerbatimJSON] = [:]
            var references: [String: String] = [:]
            for parameter in record.manifest.parameters {
                guard let value = record.parameters[parameter.name] else { continue }
                let name = parameter.artifact?.name ?? parameter.name
                if parameter.kind == .file, let text = value.text {
                    references[name] = text
                } else {
                    texts[name] = value.verbatim(parameter.kind)
                }
            }
            self.texts = texts
            self.references = references
        }

        var names: Set<String> { Set(self.texts.keys).union(self.references.keys) }

        /// The parameters that are files.
        func files() throws -> [String: ArtifactReference] {
            try self.references.mapValues { try JSONDecoder().decode(ArtifactReference.self, from: Data($0.utf8)) }
        }
    }

    private func print(_ name: String, _ value: VerbatimJSON) throws {
        if let file = self.file { return try self.write(Data("\(value.text)\n".utf8), of: name, to: file) }
        StandardStream.output.line(self.json ? try JSONText.page(Row(name: name, parameter: value)) : value.text)
    }

    /// Names that begin with `_` are the front end's and the user's own affair.
    private func isShown(_ name: String) -> Bool {
        if !self.include.isEmpty { return self.include.split(separator: ",").contains { $0 == name } }
        return self.private || !name.hasPrefix("_")
    }

    private func pickles(_ references: [ArtifactReference], _ shown: Shown, limit: Int) async throws
        -> PickleTexts.Answer
    {
        guard references.contains(where: { $0.encoding == .pickle }) else { return PickleTexts.Answer() }
        let context = try CommandContext(self.flow)
        try await shown.opened.bucket?.courier.fetch(package: shown.record.package)
        return await PickleTexts(reactor: context.reactor, environment: context.environment, layout: shown.store.layout)
            .answer(for: references, in: shown.record, limit: limit)
    }

    private func artifacts(of pathspec: Pathspec, in state: RunState) throws -> [String: ArtifactReference] {
        let (tasks, named) = try RunFinder.tasks(pathspec, in: state)
        guard let task = tasks.first else { throw CommandFailure(.notFound, "there is no task \(self.pathspec)") }
        let node = self.node ?? named ?? 0
        if let artifacts = task.artifacts(node: node) { return artifacts }
        let nodes = task.results.isEmpty ? task.size : task.results.count
        guard (0..<nodes).contains(node) else {
            throw CommandFailure(.notFound, "\(task.step)/\(task.number) has no node \(node); it has 0 to \(nodes - 1)")
        }
        let place = task.size > 1 ? " on node \(node)" : ""
        throw CommandFailure(
            .notFound, "\(task.step)/\(task.number) has left no artifacts\(place): it is \(state.word(for: task))")
    }

    // MARK: - One

    private func print(_ name: String, _ reference: ArtifactReference, _ shown: Shown) async throws {
        try await shown.opened.fetch([reference])
        if let file = self.file { return try self.write(try shown.store.data(reference), of: name, to: file) }
        let answer = try await self.pickles([reference], shown, limit: 0)
        if self.json {
            StandardStream.output.line(try JSONText.page(self.row(name, reference, shown.store, answer, limit: .max)))
            return try self.conclude(answer.problems[reference.digest].map { [(name, $0)] } ?? [])
        }
        if let problem = answer.problems[reference.digest] { return try self.conclude([(name, problem)]) }
        if let text = answer.texts[reference.digest] {
            StandardStream.output.line(text)
        } else if reference.encoding == .data {
            StandardStream.output.write(try shown.store.data(reference))
        } else {
            StandardStream.output.line(
                ArtifactText.text(try shown.store.data(reference), reference.encoding, limit: .max >> 8))
        }
    }

    private func write(_ data: Data, of name: String, to file: String) throws {
        do {
            try data.write(to: URL(filePath: AbsolutePath.of(file)))
        } catch {
            throw CommandFailure(.usage, "\(name) cannot be written to \(file): \(error.localizedDescription)")
        }
    }

    // MARK: - Several

    /// One that cannot be read keeps no other from being shown; the verb fails all the same.
    private func list(_ artifacts: [String: ArtifactReference], _ shown: Shown) async throws {
        let (rows, problems) = try await self.rows(artifacts, shown)
        if self.json { StandardStream.output.line(try JSONText.page(rows)) }
        try self.conclude(problems)
    }

    private typealias Problem = (name: String, reason: String)

    /// The rows of a task, which are printed unless they are for JSON, and the artifacts that cannot be read.
    private func rows(
        _ artifacts: [String: ArtifactReference], _ shown: Shown
    ) async throws -> (rows: [Row], problems: [Problem]) {
        let every = try artifacts.merging(shown.files()) { artifact, _ in artifact }
        let sorted = every.filter { self.isShown($0.key) }.sorted { $0.key < $1.key }
        // Those that cannot be brought are asked for once more below, where their problems are told.
        try? await shown.opened.fetch(sorted.map(\.value))
        let answer = try await self.pickles(sorted.map(\.value), shown, limit: self.maxValueSize)
        var problems: [Problem] = []
        var rows: [Row] = []
        for (name, value) in shown.texts.sorted(by: { $0.key < $1.key }) where every[name] == nil && self.isShown(name)
        {
            rows.append(Row(name: name, parameter: value))
            if !self.json {
                StandardStream.output.line("\(PrintableText.line(name)) = \(PrintableText.of(value.text))")
            }
        }
        for (name, reference) in sorted {
            do {
                try await shown.opened.fetch([reference])
                if let problem = answer.problems[reference.digest] { throw CommandFailure(.runFailed, problem) }
                if self.json {
                    rows.append(try self.row(name, reference, shown.store, answer, limit: self.maxValueSize))
                } else {
                    let text = try self.text(reference, shown.store, answer)
                    StandardStream.output.line("\(PrintableText.line(name)) = \(PrintableText.of(text))")
                }
            } catch {
                problems.append((name, CommandFailure(error).message))
                rows.append(self.row(name, reference))
                if !self.json { StandardStream.output.line("\(PrintableText.line(name)) = (cannot be read)") }
            }
        }
        return (rows, problems)
    }

    private func text(_ reference: ArtifactReference, _ store: ArtifactStore, _ answer: PickleTexts.Answer) throws
        -> String
    {
        try answer.texts[reference.digest]
            ?? ArtifactText.text(try store.data(reference), reference.encoding, limit: self.maxValueSize)
    }

    private func conclude(_ problems: [Problem]) throws {
        guard let first = problems.first else { return }
        let others = problems.count > 1 ? ", nor can \(Count.text(problems.count - 1, "other artifact"))" : ""
        throw CommandFailure(
            .runFailed,
            "the artifact \(first.name) cannot be shown\(others): \(first.reason)\nits bytes can be had with --file; \(PythonFlow.interpreterVariable) names another Python"
        )
    }

    // MARK: - JSON

    private func row(_ name: String, _ reference: ArtifactReference, value: JSONValue? = nil, text: String? = nil)
        -> Row
    {
        Row(
            name: name, encoding: reference.encoding, size: reference.size, digest: reference.digest, value: value,
            text: text)
    }

    private func row(
        _ name: String, _ reference: ArtifactReference, _ store: ArtifactStore, _ answer: PickleTexts.Answer, limit: Int
    ) throws -> Row {
        let isShown = reference.encoding == .json && reference.size <= limit
        // A missing or damaged file is an error; an artifact that is not JSON has no value to show.
        let data = isShown ? try store.data(reference) : nil
        let value = data.flatMap { try? JSONValue(parsing: $0) }
        return self.row(name, reference, value: value, text: answer.texts[reference.digest])
    }
}
