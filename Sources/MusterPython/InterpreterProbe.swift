internal import Crypto
internal import FoundationEssentials
internal import Glibc
internal import MusterModel
internal import MusterProcess
internal import MusterSystem

/// Runs interpreters to learn their versions and caches the answers until the file changes: saves the start of Python,
/// some 20 ms, for each environment that is used (Benchmarks: environment).
struct InterpreterProbe: Sendable {
    let folder: String
    let reactor: ProcessReactor
    let environment: [String: String]

    private struct Memory: Codable {
        var question: String
        var interpreter: PythonInterpreter
        /// ``StampText`` of the interpreter's program.
        var stamp: String
    }

    /// The description of the interpreter at `path`; nil if it does not run or is no Python.
    func interpreter(at path: String) async throws(PythonError) -> PythonInterpreter? {
        guard let stamp = StampText.of(path) else { return nil }
        let question = "\(path) \(stamp) \(self.shimState(path))"
        let file = "\(self.folder)/\(Digest.of([question])).json"
        if let memory = self.remembered(file), memory.question == question { return memory.interpreter }
        guard let interpreter = try await self.ask(path), let stamp = StampText.of(interpreter.path) else { return nil }
        let memory = Memory(question: question, interpreter: interpreter, stamp: stamp)
        try CacheFolder.write(memory, to: file)
        return interpreter
    }

    private func remembered(_ file: String) -> Memory? {
        guard let data = FileManager.default.contents(atPath: file),
            let memory = try? JSONDecoder().decode(Memory.self, from: data),
            StampText.of(memory.interpreter.path) == memory.stamp
        else { return nil }
        return memory
    }

    private func ask(_ path: String) async throws(PythonError) -> PythonInterpreter? {
        var environment = self.environment
        environment["PYTHONHOME"] = nil
        environment["PYTHONPATH"] = nil
        let spec = ProcessSpec(
            executable: path, arguments: ["-S", "-c", PythonInterpreter.question], environment: environment)
        let outcome: ProcessOutcome
        do {
            outcome = try await self.reactor.run(spec)
        } catch let error as CancellationError {
            throw PythonError.running("looking for Python", error: error)
        } catch {
            // A program that cannot be started is not the wanted Python.
            return nil
        }
        guard outcome.status.isSuccess else { return nil }
        return try? JSONDecoder().decode(PythonInterpreter.self, from: Data(outcome.standardOutput))
    }

    // MARK: Shims

    /// The facts that a version manager's shim chooses an interpreter by: the shim is one script for all versions, and
    /// its choice depends on variables and on files of this folder and of those above it.
    private func shimState(_ path: String) -> String {
        guard FileContents.read(path, limit: 2) == Array("#!".utf8) else { return "" }
        var state = ["PYENV_VERSION", "PYENV_ROOT", "ASDF_PYTHON_VERSION", "ASDF_DATA_DIR", "MISE_PYTHON_VERSION"]
            .map { self.environment[$0] ?? "" }
        let manager = path.split(separator: "/").dropLast(2).joined(separator: "/")
        state.append(StampText.of("/\(manager)/version") ?? "")
        var folder = FileManager.default.currentDirectoryPath
        while true {
            for name in [".python-version", ".tool-versions", "mise.toml"] {
                if let stamp = StampText.of("\(folder)/\(name)") { state.append("\(folder)/\(name) \(stamp)") }
            }
            guard let slash = folder.lastIndex(of: "/"), folder != "/" else { break }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
        return state.joined(separator: "\n")
    }
}

/// A file's ``FileStamp`` as text.
enum StampText {
    /// nil when there is no such file. Links are followed.
    static func of(_ path: String) -> String? {
        guard let status = FileStatus(path), status.isFile else { return nil }
        return "\(status.stamp)"
    }
}

/// Keys of the cache.
enum Digest {
    /// SHA-256 over the parts, each with its length, as 32 hexadecimal digits.
    static func of(_ parts: [String]) -> String {
        var hash = SHA256()
        for part in parts { hash.update(data: Data("\(part.utf8.count):\(part)\n".utf8)) }
        return Hexadecimal.text(hash.finalize().prefix(16))
    }
}
