import Foundation
import MusterProcess

/// A flow in a Python file: an interpreter and Muster's Python front end make a program of it.
struct PythonFlow {
    let environment: [String: String]

    /// The variable that names the front end's folder, for a `muster` in another place.
    static let frontEndVariable = "MUSTER_PYTHON_FRONT_END"
    /// The interpreter that ran a flow whose program executed `muster`.
    static let interpreterVariable = "MUSTER_PYTHON"

    /// The program for the flow in `path`: interpreter, front end, flow.
    /// - Throws: ``CommandFailure`` when there is no Python or no front end.
    func program(_ path: String) throws -> [String] {
        [try self.interpreter(), "\(try self.frontEnd())/__main__.py", path]
    }

    /// The Python file that `command` runs; nil for any other program.
    static func file(of command: [String]) -> String? {
        command.count > 2 && command[2].hasSuffix(".py") ? command[2] : nil
    }

    /// The interpreter that is named; the one of the environment whose `muster` was called by its path, as programs of
    /// virtual environments can be called that are not activated; or the first on the PATH.
    func interpreter() throws -> String {
        if let named = self.named(Self.interpreterVariable) { return named }
        let path = self.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        if let called = CommandLine.arguments.first, called.contains("/") {
            let beside = (AbsolutePath.of(called) as NSString).deletingLastPathComponent
            if ExecutableSearch.isExecutable("\(beside)/python3") { return "\(beside)/python3" }
        }
        if let found = ["python3", "python"].lazy.compactMap({ ExecutableSearch.find($0, path: path) }).first {
            return found
        }
        throw CommandFailure(
            .usage,
            "there is no python3 on the PATH, which is \(path); install Python 3.9 or newer, or name one in \(Self.interpreterVariable)"
        )
    }

    /// The folder of the package `muster`: named, installed beside this program, or in the source tree around it.
    func frontEnd() throws -> String {
        if let named = self.named(Self.frontEndVariable) {
            guard Self.isFrontEnd(named) else {
                throw CommandFailure(
                    .usage, "\(Self.frontEndVariable) names \(named), which does not hold Muster's Python front end")
            }
            return named
        }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        var folder = (own as NSString).deletingLastPathComponent
        while folder != "/", !folder.isEmpty {
            if let found = Self.places(in: folder).first(where: Self.isFrontEnd) { return found }
            folder = (folder as NSString).deletingLastPathComponent
        }
        throw CommandFailure(
            .usage, "Muster's Python front end was not found around \(own); name its folder in \(Self.frontEndVariable)"
        )
    }

    private static func places(in folder: String) -> [String] {
        let libraries = ((try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/lib")) ?? [])
            .filter { $0.hasPrefix("python3") }.sorted()
            // Debian's own interpreters keep what pip installs for all users in dist-packages.
            .flatMap { ["\(folder)/lib/\($0)/site-packages/muster", "\(folder)/lib/\($0)/dist-packages/muster"] }
        // `pip install --target` puts packages and bin/ into one folder.
        return ["\(folder)/Python/muster", "\(folder)/lib/muster/python/muster"] + libraries + ["\(folder)/muster"]
    }

    private static func isFrontEnd(_ folder: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/__main__.py")
            && FileManager.default.fileExists(atPath: "\(folder)/launch.py")
    }

    private func named(_ variable: String) -> String? {
        self.environment[variable].flatMap { $0.isEmpty ? nil : AbsolutePath.of($0) }
    }
}
