import Synchronization

/// Makes a node's folder, once.
final class FolderMaking: Sendable {
    private enum Outcome {
        case pending
        case made(AgentError?)
    }

    private let folder: NodeFolder
    private let package: String
    private let outcome = Mutex(Outcome.pending)

    /// - Parameter package: The folder of the code package, for a copy in the node's folder.
    init(_ folder: NodeFolder, package: String) {
        self.folder = folder
        self.package = package
    }

    /// Makes the folder if that has not been tried. Blocks while the package is copied.
    /// - Returns: The problem, if any.
    @discardableResult
    func make() -> AgentError? {
        self.outcome.withLock { outcome in
            if case .made(let problem) = outcome { return problem }
            let problem = self.folder.problem(making: self.package)
            outcome = .made(problem)
            return problem
        }
    }
}
