import ArgumentParser

/// The options that `run` and `resume` share.
struct RunOptions: ParsableArguments {
    /// As in Metaflow.
    static let defaultWorkers = 16

    @Option(name: .long, help: ArgumentHelp("How many nodes may run at once.", valueName: "count"))
    var maxWorkers = Self.defaultWorkers

    @Option(name: .long, help: ArgumentHelp("Write the run's id into this file once the run exists.", valueName: "file"))
    var runIdFile: String?

    @Flag(name: .long, help: "Show nothing but warnings and failures.")
    var quiet = false

    @Flag(name: .long, help: "Print what happens as JSON, one object a line.")
    var json = false

    mutating func validate() throws {
        guard self.maxWorkers >= 1 else { throw ValidationError("--max-workers is \(self.maxWorkers); it has to be 1 or more") }
        guard !(self.quiet && self.json) else { throw ValidationError("--quiet and --json exclude each other") }
    }
}
