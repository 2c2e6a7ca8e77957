import MusterModel

/// How somebody goes on with a run: the program as it was called, the flow, and the options that a resumed run needs.
struct ResumeCommand: Equatable {
    /// Up to the verb's options.
    private let head: [String]
    private let tail: [String]

    /// - Parameters:
    ///   - flow: What the flow was called; nil when it handed its verb over, or is the package in this folder.
    ///   - command: How `muster` itself was called.
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

    /// For a run of which nothing is known but what the store says.
    init(_ record: RunRecord, _ store: StoreOptions, command: String = CommandLine.arguments.first ?? "muster") {
        self.head = [command, "resume", PythonFlow.file(of: record.program) ?? record.program.first ?? record.flow]
        self.tail = store.store.map { ["--store", $0] } ?? []
    }

    /// The line that a shell takes.
    func line(run: String) -> String { ShellWord.line(self.head + ["--origin-run-id", run] + self.tail) }
}
