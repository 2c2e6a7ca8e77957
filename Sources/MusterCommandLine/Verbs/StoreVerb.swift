import ArgumentParser
import Foundation
import MusterBucket
import MusterCourier
import MusterHistory
import MusterMetadata
import MusterModel
import MusterStore

/// `muster store`
struct StoreVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Copy runs to another store, check a store, remove old runs.",
        subcommands: [StoreCopyVerb.self, StoreCheckVerb.self, StorePruneVerb.self, StoreServeVerb.self])
}

/// `muster store serve`: brings what clients in other languages ask for from a bucket into this machine's folder of it,
/// where they read it. One request and one answer a line, in JSON; `Documentation/Bucket.md` is the contract.
struct StoreServeVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Bring what is asked for from a bucket.", shouldDisplay: false)

    @OptionGroup var flow: FlowOptions
    @OptionGroup var store: StoreOptions

    fileprivate struct Request: Decodable {
        /// `folder`, `runs`, `run`, `tags`, `artifacts`, `package` or `files`.
        var bring: String
        var flow: String?
        var run: String?
        var step: String?
        var artifacts: [ArtifactReference]?
        var package: String?
        /// Tags to add and to remove.
        var add: [String]?
        var remove: [String]?
    }

    fileprivate struct Answer: Encodable {
        /// The store's folder on this machine.
        var folder: String?
        /// Flow and id of runs, newest first.
        var runs: [[String]]?
        /// A sentence for people.
        var error: String?
    }

    func run() async throws {
        let opened = try self.store.existing(self.flow)
        while let line = readLine() {
            var answer = Answer()
            do {
                let request = try JSONDecoder().decode(Request.self, from: Data(line.utf8))
                try await opened.bring(request, into: &answer)
            } catch {
                answer.error = CommandFailure(error).message
            }
            StandardStream.output.line(try JSONText.line(answer))
        }
    }
}

extension OpenedStore {
    fileprivate func bring(_ request: StoreServeVerb.Request, into answer: inout StoreServeVerb.Answer) async throws {
        answer.folder = self.layout.root
        switch request.bring {
        case "folder": break
        case "runs":
            let runs = try await self.metadata.listed(flow: request.flow, limit: nil)
            answer.runs = runs.map { [$0.key.flow, $0.key.run] }
        case "run": _ = try await self.metadata.record(of: self.key(request))
        case "tags":
            if request.add != nil || request.remove != nil {
                try await self.metadata.changeTags(
                    of: self.key(request), adding: Set(request.add ?? []), removing: Set(request.remove ?? []))
            }
            _ = try await self.metadata.tags(of: self.key(request))
        case "artifacts": try await self.fetch(request.artifacts ?? [])
        case "package": try await self.bucket?.courier.fetch(package: request.package ?? "")
        case "files":
            try await self.bucket?.mirror.fetch(step: request.step ?? "", of: self.key(request)) { _ in true }
        default: throw CommandFailure(.usage, "nothing is called '\(request.bring)'")
        }
    }

    private func key(_ request: StoreServeVerb.Request) throws -> RunKey {
        guard let flow = request.flow, let run = request.run else {
            throw CommandFailure(.usage, "'\(request.bring)' needs a flow and a run")
        }
        return RunKey(flow: flow, run: run)
    }
}
