import FoundationEssentials
import MusterModel
import MusterSystem
import MusterWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The folder of a task: `task.json` from the agent, the results of the step.
struct TaskFolder: Sendable {
    let path: String

    func readTask() throws -> TaskFile {
        let file = "\(self.path)/\(TaskFile.name)"
        let task: TaskFile
        do {
            task = try JSONDecoder().decode(TaskFile.self, from: Data(rawFile: file))
        } catch let error as DecodingError {
            throw StepFailure(.contract, "\(file) is no task: \(error)")
        } catch {
            throw StepFailure(.contract, "the task could not be read: \(error)")
        }
        guard task.version == FlowManifest.currentVersion else {
            throw StepFailure(
                .contract,
                "\(file) is of version \(task.version) of the step protocol, this program speaks "
                    + "\(FlowManifest.currentVersion); build the flow and muster from one release")
        }
        return task
    }

    /// Writes the artifacts of `flow`: the changed ones as files, the others by reference.
    /// - Parameter lose: Called for an artifact that cannot be written.
    func write<Root: Flow>(
        _ flow: Root, into result: inout ResultFile, lose: (StepFailure) throws -> Void = { throw $0 }
    ) throws {
        mkdir("\(self.path)/artifacts", 0o755)
        for artifact in Root.definition.artifacts {
            if let reference = artifact.reference(flow) {
                result.unchanged[artifact.name] = reference
                continue
            }
            let file = "artifacts/\(artifact.name)"
            do {
                let encoding = try artifact.write(flow, "\(self.path)/\(file)")
                result.artifacts[artifact.name] = ArtifactFile(path: file, encoding: encoding)
            } catch {
                try lose(StepFailure(.store, "artifact '\(artifact.name)' could not be written: \(error)"))
            }
        }
    }

    /// Writes the failure of the step, and the artifacts that its body had set before.
    func write<Root: Flow>(_ failure: StepFailure, of flow: Root) {
        // The failure first: writing the artifacts may fail as well.
        self.write(failure)
        var result = ResultFile(error: StepError(failure))
        do {
            try self.write(flow, into: &result) { StepExit.report("it is not kept: \($0)") }
            try self.write(result)
        } catch {
            StepExit.report("what the step had set is not kept: \(error)")
        }
    }

    /// Writes the elements of a foreach.
    func write(_ departure: Departure) throws {
        guard let writeItems = departure.writeItems else { return }
        var file = ItemFile(folder: self.path)
        try writeItems(&file)
        try file.write()
    }

    /// Overwrites `result.json`. The agent reads it only after this program's exit, so no rename is needed.
    func write(_ result: ResultFile) throws {
        do {
            try FileContents.overwrite("\(self.path)/\(ResultFile.name)", with: LineCoding.encode(result))
        } catch let error as SystemError {
            throw StepFailure(.store, "\(error)")
        }
    }

    /// Writes the failure of the step, and reports it on standard error.
    func write(_ failure: StepFailure) {
        StepExit.report("\(failure)")
        do {
            try self.write(ResultFile(error: StepError(failure)))
        } catch {
            StepExit.report("the result could not be written: \(error)")
        }
    }
}

extension StepError {
    /// The failure as the result names it: with its id where the agent reported it to the body.
    fileprivate init(_ failure: StepFailure) {
        self.init(code: failure.code, message: failure.description, cause: failure.failure.id)
    }
}
