import Foundation
import MusterProcess

/// Finds the program of a flow by its name.
///
/// - an executable file: that file
/// - a Python file: an interpreter with Muster's front end for it
/// - a folder with a `Package.swift`: its executable product, built first
/// - a name: the product of that name of the package around the current folder, built first
struct FlowLocator {
    let reactor: ProcessReactor
    let environment: [String: String]
    /// Absolute path of the current folder.
    let folder: String
    var isDebug = false

    /// The flow program: its absolute path, and arguments that come before the verb.
    /// - Parameters:
    ///   - decorators: For every step of a Python flow.
    ///   - isRequired: An option asks for them, so that a flow in another language is refused.
    ///   - words: More words for a Python flow to read before its verb.
    /// - Throws: ``CommandFailure`` with the places that were searched.
    func program(
        named name: String?, program: String?, decorators: [String] = [], isRequired: Bool = false, words: [String] = []
    ) async throws -> [String] {
        let path = try await self.path(named: name, program: program)
        if path.hasSuffix(".py") {
            let front = decorators.flatMap { ["--with", $0] } + words
            return try PythonFlow(environment: self.environment).program(path) + front
        }
        guard !isRequired, words.isEmpty else {
            throw CommandFailure(
                .usage, "--with and --flow-option are for Python flows; \(path) has its decorators in its source")
        }
        return [path]
    }

    private func path(named name: String?, program: String?) async throws -> String {
        if let program { return try self.executable(AbsolutePath.of(program)) }
        guard let name else {
            guard FileManager.default.fileExists(atPath: "\(self.folder)/Package.swift") else {
                throw CommandFailure(
                    .usage, "which flow? name its program, its folder, or a product of the package in this folder")
            }
            return try await self.package(self.folder).build(product: nil)
        }
        let path = AbsolutePath.of(name)
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists, !isFolder.boolValue { return try self.executable(path) }
        if exists, FileManager.default.fileExists(atPath: "\(path)/Package.swift") {
            return try await self.package(path).build(product: nil)
        }
        if !name.contains("/"), let around = PackageFolder.around(self.folder) {
            return try await self.package(around).build(product: name)
        }
        throw CommandFailure(
            .notFound,
            exists
                ? "\(path) is a folder without a Package.swift; name a flow program, or the folder of a Swift package"
                : "there is no flow '\(name)': no file or folder of that name, and no Swift package in this folder that could have such a product"
        )
    }

    private func executable(_ path: String) throws -> String {
        guard FileManager.default.fileExists(atPath: path) else {
            throw CommandFailure(.notFound, "there is no flow program \(path)")
        }
        if path.hasSuffix(".py") { return path }
        guard ExecutableSearch.isExecutable(path) else {
            let advice =
                path.hasSuffix(".swift")
                ? "name the folder of its package instead" : "make it executable, or name the folder of a Swift package"
            throw CommandFailure(.usage, "\(path) is not an executable file; \(advice)")
        }
        return path
    }

    private func package(_ folder: String) -> FlowPackage {
        FlowPackage(
            folder: folder, configuration: self.isDebug ? "debug" : "release", reactor: self.reactor,
            environment: self.environment)
    }
}
