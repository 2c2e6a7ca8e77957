import Foundation
import MusterProcess

/// A Python with torch, for tests against the real thing: the one that `MUSTER_TEST_TORCH_PYTHON` names, or an
/// environment below the package's `.cache` folder, made with pip on first use.
enum TorchPython {
    static let path: Task<String?, Never> = Task {
        if let named = ProcessInfo.processInfo.environment["MUSTER_TEST_TORCH_PYTHON"] { return named }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: ".cache/torch-test").path
        let python = "\(folder)/bin/python3"
        if await Self.run([python, "-c", "import torch.distributed"]) { return python }
        guard await Self.run(["python3", "-m", "venv", "--clear", folder]),
            await Self.run([python, "-m", "pip", "install", "--quiet", "torch==2.13.0", "numpy"])
        else { return nil }
        return python
    }

    private static func run(_ command: [String]) async -> Bool {
        guard let reactor = try? ProcessReactor() else { return false }
        let spec = ProcessSpec(
            executable: command[0], arguments: Array(command.dropFirst()),
            environment: ProcessInfo.processInfo.environment)
        return (try? await reactor.run(spec))?.status.isSuccess == true
    }
}
