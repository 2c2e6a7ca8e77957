import ArgumentParser
import Foundation
import MusterMetadata
import MusterModel
import MusterStore

/// `muster dump`
struct DumpVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump", abstract: "Print the artifacts of a task.",
        discussion: "One artifact alone is printed whole; a list shows the beginning of each.")

    @Argument(help: "Flow/run/step/task, or with /artifact at the end; the run may be called latest.") var pathspec: String
    @Option(name: .long, help: "The node of the gang. (default: the control node, 0)") var node: Int?
    @Option(name: .long, help: ArgumentHelp("Characters of each value in a list.", valueName: "count")) var maxValueSize = 1000
    @Option(name: .long, help: ArgumentHelp("Write the bytes of one artifact into this file.", valueName: "file")) var file: String?
    @Option(name: .long, help: ArgumentHelp("Only these, with commas between them.", valueName: "names")) var include = ""
    @Flag(name: .long, help: "Also artifacts whose names begin with _.") var `private` = false
    @Flag(name: .long, help: "Print JSON.") var json = false
    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    private struct Row: Encodable {
        var name: String
        var encoding: ArtifactEncoding
        var size: Int
        var digest: String
        /// The value of JSON artifacts that are not too large.
        var value: JSONValue?
        /// What a pickle holds, as its Python shows it.
        var text: String?
    }

    func validate() throws {
        guard self.maxValueSize >= 1 else { throw ValidationError("--max-value-size is \(self.maxValueSize); it has to be 1 or more") }
    }

    func run() async throws {
        let pathspec = try RunFinder.pathspec(self.pathspec)
        guard pathspec.task != nil else { throw CommandFailure(.usage, "'\(self.pathspec)' names no task; write Flow/run/step/task") }
        let (layout, metadata) = try self.store.existing()
        let record = try await RunFinder(layout: layout, metadata: metadata).record(of: pathspec)
        let artifacts = try self.artifacts(of: pathspec, in: try await RunState(record, in: layout, metadata))
        let store = ArtifactStore(layout)
        guard let name = pathspec.artifact else {
            guard self.file == nil else { throw CommandFailure(.usage, "--file takes one artifact; name it: \(self.pathspec)/artifact") }
            let shown = artifacts.filter { self.isShown($0.key) }
            return try self.list(shown, store, try await self.pickles(Array(shown.values), record, layout, limit: self.maxValueSize))
        }
        guard let reference = artifacts[name] else {
            let hint = NameSuggestion.hint(for: name, among: Array(artifacts.keys))
            throw CommandFailure(.notFound, "the task has no artifact '\(name)'\(hint); it has \(artifacts.keys.sorted().joined(separator: ", "))")
        }
        let texts = self.file == nil ? try await self.pickles([reference], record, layout, limit: 1 << 30) : [:]
        try self.print(name, reference, store, texts)
    }

    /// Names that begin with `_` are the front end's and the user's own affair.
    private func isShown(_ name: String) -> Bool {
        if !self.include.isEmpty { return self.include.split(separator: ",").contains { $0 == name } }
        return self.private || !name.hasPrefix("_")
    }

    private func pickles(
        _ references: [ArtifactReference], _ record: RunRecord, _ layout: StoreLayout, limit: Int
    ) async throws -> [String: String] {
        let context = try CommandContext()
        return try await PickleTexts(reactor: context.reactor, environment: context.environment, layout: layout)
            .texts(of: references, in: record, limit: limit)
    }

    private func artifacts(of pathspec: Pathspec, in state: RunState) throws -> [String: ArtifactReference] {
        let (tasks, named) = try RunFinder.tasks(pathspec, in: state)
        guard let task = tasks.first else { throw CommandFailure(.notFound, "there is no task \(self.pathspec)") }
        let node = self.node ?? named ?? 0
        guard !task.results.isEmpty else {
            throw CommandFailure(.notFound, "\(task.step)/\(task.number) has left no artifacts: it is \(state.word(for: task))")
        }
        guard task.results.indices.contains(node) else {
            throw CommandFailure(.notFound, "\(task.step)/\(task.number) has no node \(node); it has 0 to \(task.results.count - 1)")
        }
        return task.results[node].artifacts
    }

    private func print(
        _ name: String, _ reference: ArtifactReference, _ store: ArtifactStore, _ texts: [String: String]
    ) throws {
        let data = try store.data(reference)
        if let file = self.file {
            do {
                try data.write(to: URL(filePath: AbsolutePath.of(file)))
            } catch {
                throw CommandFailure(.usage, "\(name) cannot be written to \(file): \(error.localizedDescription)")
            }
        } else if self.json {
            StandardStream.output.line(try JSONText.page(self.row(name, reference, store, texts, limit: .max)))
        } else if reference.encoding == .data {
            StandardStream.output.write(data)
        } else {
            StandardStream.output.line(texts[reference.digest] ?? ArtifactText.text(data, reference.encoding, limit: .max >> 8))
        }
    }

    private func list(
        _ artifacts: [String: ArtifactReference], _ store: ArtifactStore, _ texts: [String: String]
    ) throws {
        let sorted = artifacts.sorted { $0.key < $1.key }
        if self.json {
            StandardStream.output.line(
                try JSONText.page(sorted.map { try self.row($0.key, $0.value, store, texts, limit: self.maxValueSize) }))
            return
        }
        for (name, reference) in sorted {
            let text =
                try texts[reference.digest]
                ?? ArtifactText.text(try store.data(reference), reference.encoding, limit: self.maxValueSize)
            StandardStream.output.line("\(name) = \(text)")
        }
    }

    private func row(
        _ name: String, _ reference: ArtifactReference, _ store: ArtifactStore, _ texts: [String: String], limit: Int
    ) throws -> Row {
        let isShown = reference.encoding == .json && reference.size <= limit
        return Row(
            name: name, encoding: reference.encoding, size: reference.size, digest: reference.digest,
            value: isShown ? try? JSONValue(parsing: store.data(reference)) : nil, text: texts[reference.digest])
    }
}
