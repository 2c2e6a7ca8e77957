import FoundationEssentials
import MusterModel
import MusterWire

/// The input of a step: the tasks right before it, and the element of its foreach.
public struct StepInput<Root: Flow> {
    let steps: [String]
    let task: TaskFile
    /// The path of a file that holds an artifact's bytes.
    private let locate: (ArtifactReference) throws -> String
    /// The flows of the tasks right before this one, in branch, foreach or node order.
    public let all: [Root]

    init(_ all: [Root], task: TaskFile, locate: @escaping (ArtifactReference) throws -> String) {
        self.all = all
        self.locate = locate
        self.steps = task.inputs.map(\.step)
        self.task = task
    }

    /// The input that the step called `name` left.
    /// - Throws: when no or more than one input comes from that step.
    public func named(_ name: String) throws -> Root {
        let matches = zip(self.steps, self.all).filter { $0.0 == name }
        guard matches.count == 1 else {
            let reason = "join '\(self.task.attempt.step)' wants one input from step '\(name)' and has \(matches.count)"
            throw StepFailure(.contract, "\(reason); its inputs come from \(self.steps.joined(separator: ", "))")
        }
        return matches[0].1
    }

    /// The element of the innermost foreach.
    /// - Throws: when there is none, or it is not an `Element`.
    public func item<Element: Decodable>(_ type: Element.Type = Element.self) throws -> Element {
        guard let frame = self.task.foreach.last else {
            throw StepFailure(
                .contract, "step '\(self.task.attempt.step)' takes an element and was started without one")
        }
        do {
            if let artifact = frame.artifact {
                return try ArtifactCoding.read(Element.self, from: self.locate(artifact), encoding: artifact.encoding)
            }
            return try ArtifactCoding.decoder().decode(Element.self, from: Data((frame.item ?? "null").utf8))
        } catch let error as StepFailure {
            throw StepFailure(
                error.code, "element \(frame.index) of the foreach in step '\(frame.step)' cannot be read: \(error)")
        } catch {
            throw StepFailure(
                .contract,
                "element \(frame.index) of the foreach in step '\(frame.step)' is not a \(Element.self): \(error)")
        }
    }
}
