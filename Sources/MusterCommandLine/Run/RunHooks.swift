import MusterModel
import MusterProcess
import MusterStore

/// Lets a flow's program do what is left to do once a run is over: on this machine, whatever places its steps ran in.
struct RunHooks {
    let context: CommandContext
    let layout: StoreLayout
    /// True when hooks may print to standard output; their output goes to standard error otherwise.
    let keepsOutput: Bool

    /// Runs the hooks in the flow's program. A failure is printed and does not change the verdict.
    func perform(_ record: RunRecord, _ verdict: RunVerdict) async {
        guard record.manifest.hooks == true else { return }
        let environment = self.context.environment.merging([NodeEnvironment.store: self.layout.root]) { $1 }
        var spec = ProcessSpec(
            executable: record.program[0],
            arguments: Array(record.program.dropFirst()) + ["hooks", verdict.rawValue, "\(record.flow)/\(record.run)"],
            environment: environment, workingDirectory: self.context.folder, output: .inherit, parentDeathSignal: 15)
        if !self.keepsOutput { spec.standardOutput = .descriptor(2) }
        do {
            let outcome = try await self.context.reactor.run(spec)
            if !outcome.status.isSuccess { self.warn(" (\(outcome.status))") }
        } catch {
            self.warn(": \(CommandFailure(error).message)")
        }
    }

    private func warn(_ reason: String) {
        StandardStream.error.line("warning: what is to be done after the run could not be done\(reason)")
    }
}
