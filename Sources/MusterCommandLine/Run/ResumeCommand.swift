import MusterModel

/// The command that resumes a run: the program as it was called, the flow, and the options.
struct ResumeCommand: Equatable {
    /// Up to the verb's options.
    private let head: [String]
    private let tail: [String]

    /// - Parameters:
    ///   - flow: The name of the flow; nil when the flow program executed `muster`, or is the package in this folder.
    ///   - command: The words by which `muster` was called.
    init(
        flow: String?, _ options: FlowOptions, _ run: RunOptions, _ store: StoreOptions,
        command: String = CommandLine.arguments.first ?? "muster"
    ) {
        self.head =
            options.calledAs.isEmpty
            ? [command, "resume"] + [flow ?? options.program].compactMap { $0 } : options.calledAs + ["resume"]
        self.tail =
            (options.debug ? ["--debug"] : []) + options.with.flatMap { ["--with", $0] }
            + options.flowOption.map { "--flow-option=\($0)" } + (run.withoutGpus ? ["--without-gpus"] : [])
            + (run.isolated ? ["--isolated"] : [])
            + (store.store.map { ["--store", $0] } ?? [])
    }

    /// The command for a run of which only the stored record is known.
    init(_ record: RunRecord, _ store: StoreOptions, command: String = CommandLine.arguments.first ?? "muster") {
        self.head = [command, "resume", PythonFlow.file(of: record.program) ?? record.program.first ?? record.flow]
        self.tail = store.store.map { ["--store", $0] } ?? []
    }

    /// The line that a shell takes.
    func line(run: String) -> String { ShellWord.line(self.head + ["--origin-run-id", run] + self.tail) }
}
