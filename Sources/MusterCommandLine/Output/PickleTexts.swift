import Foundation
import MusterModel
import MusterProcess
import MusterStore

/// The contents of pickles as text, read by the flow's own Python.
///
/// Reading a pickle runs code from the store: the pickle's own, and the flow in the code package. The interpreter and
/// the front end are those of this `muster`; no path from the database is executed.
struct PickleTexts {
    let reactor: ProcessReactor
    let environment: [String: String]
    let layout: StoreLayout

    /// The result for each pickle, by digest.
    struct Answer {
        var texts: [String: String] = [:]
        /// Why there is no text.
        var problems: [String: String] = [:]
    }

    private struct Line: Decodable {
        var text: String?
        var error: String?
    }

    /// Asks about each pickle among `references`. Those that cannot be shown have a problem instead of a text.
    /// - Parameter limit: Characters after which a text is cut; 0 leaves it whole.
    func answer(for references: [ArtifactReference], in record: RunRecord, limit: Int) async -> Answer {
        let pickles = Set(references.filter { $0.encoding == .pickle }).sorted { $0.digest < $1.digest }
        var answer = Answer()
        var whole: [(digest: String, path: String)] = []
        let store = ArtifactStore(self.layout)
        for pickle in pickles {
            do { whole.append((pickle.digest, try store.verifiedPath(pickle))) } catch {
                answer.problems[pickle.digest] = CommandFailure(error).message
            }
        }
        guard !whole.isEmpty else { return answer }
        do {
            for (pickle, line) in zip(whole, try await self.ask(about: whole.map(\.path), record, limit)) {
                answer.texts[pickle.digest] = line.text
                answer.problems[pickle.digest] = line.text == nil ? line.error ?? "it has no text" : nil
            }
        } catch {
            for pickle in whole { answer.problems[pickle.digest] = CommandFailure(error).message }
        }
        return answer
    }

    /// The paths go over standard input: a run may have more of them than a command line can hold.
    private func ask(about paths: [String], _ record: RunRecord, _ limit: Int) async throws -> [Line] {
        let folder = try self.packageFolder(of: record)
        let program = try self.program(of: record, in: folder)
        let spec = ProcessSpec(
            executable: program[0], arguments: Array(program.dropFirst()) + ["values", "\(limit)"],
            environment: self.environment.merging([NodeEnvironment.flowFolder: folder]) { $1 }, workingDirectory: folder
        )
        let input = paths.flatMap { (path) -> [UInt8] in Array(path.utf8) + [0] }
        let outcome = try await self.reactor.run(spec, input: input)
        guard outcome.status.isSuccess,
            let lines = try? JSONDecoder().decode([Line].self, from: Data(outcome.standardOutput)),
            lines.count == paths.count
        else {
            throw CommandFailure(
                .runFailed, "\(program[0]) could not read it (\(outcome.status))\(LastLines.of(outcome.standardError))")
        }
        return lines
    }

    private func packageFolder(of record: RunRecord) throws -> String {
        let folder = self.layout.packageFolder(record.package)
        guard StoreLayout.isDigest(record.package), FileManager.default.fileExists(atPath: folder) else {
            throw CommandFailure(.store, "the flow's code package \(record.package) is not in the store")
        }
        return folder
    }

    private func program(of record: RunRecord, in folder: String) throws -> [String] {
        guard record.manifest.language == "python", let file = PythonFlow.file(of: record.program) else {
            throw CommandFailure(.usage, "only flows in Python can read pickles, and \(record.flow) is none")
        }
        // The words before the verb are the flow's own options, such as configs.
        return try PythonFlow(environment: self.environment).program(
            "\(folder)/\((file as NSString).lastPathComponent)")
            + record.program.dropFirst(3)
    }
}
