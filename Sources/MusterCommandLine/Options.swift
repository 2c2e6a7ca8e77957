import ArgumentParser
import Foundation
import Glibc
import MusterMetadata
import MusterModel
import MusterStore
import MusterSystem

/// The option that names the store.
struct StoreOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("The store's folder. (default: $MUSTER_STORE, or .muster here)", valueName: "dir"))
    var store: String?

    /// The store's paths, absolute.
    var layout: StoreLayout {
        let named = self.store ?? ProcessInfo.processInfo.environment["MUSTER_STORE"].flatMap { $0.isEmpty ? nil : $0 }
        return StoreLayout(root: AbsolutePath.of(named ?? ".muster"))
    }

    /// Opens a store that has to be there. One that this user cannot write to, a colleague's, is opened for reading.
    /// - Throws: ``CommandFailure`` when it is not.
    func existing() throws -> (StoreLayout, SQLiteMetadata) {
        let layout = self.layout
        try self.requireStore()
        let isWritable = access(layout.database, W_OK) == 0 && access(layout.root, W_OK) == 0
        return (
            layout, try isWritable ? SQLiteMetadata(path: layout.database) : SQLiteMetadata(reading: layout.database)
        )
    }

    /// - Throws: ``CommandFailure`` when the store is not there.
    func requireStore() throws {
        let layout = self.layout
        guard access(layout.database, F_OK) != 0 else { return }
        guard errno == ENOENT || errno == ENOTDIR else {
            throw CommandFailure(
                .store, "the store at \(layout.root) cannot be read: \(SystemError.lastText)")
        }
        throw CommandFailure(
            .notFound, "there is no store at \(layout.root); run a flow first, or name another folder with --store")
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

    /// The words before the verb of a Python flow.
    var front: [String] {
        self.with.filter { PlaceOption($0) == nil }.flatMap { ["--with", $0] } + self.flowOption
    }

    /// The manifest as the place that `--with` names wants it.
    func placed(_ manifest: FlowManifest) -> FlowManifest {
        self.with.compactMap(PlaceOption.init).reduce(manifest) { $0.with($1) }
    }
}

/// Paths as the current folder completes them. Links stay links, because a program's name may mean something.
enum AbsolutePath {
    static func of(_ path: String) -> String {
        let path = (path as NSString).expandingTildeInPath
        let full = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        return "/" + full.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }
}
