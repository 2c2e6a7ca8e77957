import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterSystem

/// Readings of a framework's answer: an answer to another question is an error.
extension Result<PlanAnswer, AgentError> {
    func services(of framework: String) -> Result<SetupPlan, AgentError> {
        self.flatMap { answer in
            if case .services(let plan) = answer { .success(plan) } else { .failure(.wrongAnswer(framework)) }
        }
    }

    func plan(of framework: String) -> Result<LaunchPlan, AgentError> {
        self.flatMap { answer in
            if case .plan(let plan) = answer { .success(plan) } else { .failure(.wrongAnswer(framework)) }
        }
    }

    /// The checked launch of each node. The files that this node's needs have to be there.
    func checked(of framework: String, _ places: EntrypointPlaces) -> Result<[CheckedLaunch], AgentError> {
        self.flatMap { answer in
            guard case .check(let checked) = answer, let own = checked.first else {
                return .failure(.wrongAnswer(framework))
            }
            var request = own.request
            request.files = own.files
            do throws(AgentError) {
                _ = try places.paths(of: request)
                return .success(checked)
            } catch {
                return .failure(error)
            }
        }
    }
}

extension AgentError {
    static func wrongAnswer(_ framework: String) -> AgentError {
        AgentError("the flow program gave another answer about the framework \(framework) than it was asked for")
    }
}

extension EntrypointPlaces {
    /// The paths by which programs find the files of a launch.
    /// - Throws: ``AgentError`` for a file that does not exist.
    func paths(of request: LaunchRequest) throws(AgentError) -> [String: String] {
        var paths: [String: String] = [:]
        for file in request.files ?? [] {
            guard let path = self.path(of: file) else {
                throw AgentError("\(request.framework): the entrypoint \(file) does not exist \(self.description)")
            }
            paths[file] = path
        }
        return paths
    }
}

extension NodeFolder {
    /// Writes the files of a launch's plan, all of them below the round's folder. Returns the problem, if any.
    func write(_ files: [PlannedFile], of round: LaunchRound) -> AgentError? {
        for file in files {
            guard file.path.hasPrefix("\(self.launch(round))/") else {
                return AgentError("the framework wants to write \(file.path), which is not below its own folder")
            }
            do {
                try FileContents.overwrite(file.path, with: Data(file.contents.utf8))
            } catch {
                return AgentError("\(error)")
            }
            if file.isExecutable, chmod(file.path, 0o700) != 0 { return .system("make \(file.path) executable") }
        }
        return nil
    }
}
