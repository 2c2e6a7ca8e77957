import ArgumentParser
import MusterHistory
import MusterModel

/// `muster check`
struct CheckVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a flow's graph and settings without running it.",
        discussion: "Exits with 2 when the flow breaks a rule.")

    @Argument(help: "The flow: a program, a folder, or a product of the package here.") var name: String?
    @Flag(name: .long, help: "Print the problems as JSON.") var json = false
    @OptionGroup var flow: FlowOptions

    func run() async throws {
        let context = try CommandContext(flow: self.name, self.flow)
        let (_, manifest) = try await context.flow(named: self.name, self.flow)
        let problems = GraphRules.problems(in: manifest)
        if self.json {
            StandardStream.output.line(try JSONText.page(problems))
        } else if problems.isEmpty {
            StandardStream.output.line("\(manifest.name): \(Count.text(manifest.steps.count, "step")), no problems")
        } else {
            for problem in problems { StandardStream.error.line(problem.description) }
        }
        guard problems.isEmpty else {
            throw CommandFailure(
                .usage, self.json ? "" : "\(manifest.name) has \(Count.text(problems.count, "problem"))")
        }
    }
}
