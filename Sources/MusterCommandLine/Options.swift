import ArgumentParser
import Foundation
import MusterModel

/// The option that names the store.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The store's folder, or a bucket as s3://bucket/prefix. (default: the setting store, or .muster here)",
            valueName: "dir"))
    var store: String?

    var given: [String: GivenSetting] { self.store.map { ["store": .option("--store", $0)] } ?? [:] }

    /// Opens a store that has to be there, for a verb about `flow`.
    /// - Throws: ``CommandFailure`` when it is not.
    func existing(_ flow: FlowOptions) throws -> OpenedStore {
        try OpenedStore(existing: SettingsPlace(flow: nil, flow).read(given: self.given).settings)
    }
}

/// The options that name the flow.
struct FlowOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "The flow program; a flow program that executes `muster` passes itself.", valueName: "path"))
    var program: String?

    @Flag(name: .long, help: "Build a flow from source without optimisation.")
    var debug = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Put a decorator on every step of a Python flow (retry, retry:times=2), or run every step at a place (slurm, slurm:partition=gpu).",
            valueName: "decorator"))
    var with: [String] = []

    @Option(name: .long, help: ArgumentHelp("A word that a Python flow gets before its verb.", valueName: "word"))
    var flowOption: [String] = []

    /// The words by which the flow program was called, which then executed `muster`.
    @Option(name: .long, help: .hidden)
    var calledAs: [String] = []

    /// Settings that options say, by the key's name.
    var given: [String: GivenSetting] {
        self.with.isEmpty ? [:] : ["run.with": .option("--with", self.with.map { $0 + "\n" }.joined())]
    }
}

/// Paths as the current folder completes them. Links stay links, because a program's name may mean something.
enum AbsolutePath {
    static func of(_ path: String) -> String { self.of(path, in: FileManager.default.currentDirectoryPath) }

    static func of(_ path: String, in folder: String) -> String {
        let path = (path as NSString).expandingTildeInPath
        let full = path.hasPrefix("/") ? path : "\(folder)/\(path)"
        return "/" + full.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
