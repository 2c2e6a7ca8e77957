/// The spelling of decorators in messages, in the language of the flow.
struct FlowSpelling {
    private let isPython: Bool

    init(_ manifest: FlowManifest) { self.isPython = manifest.language == "python" }

    /// The decorators that make a step a gang.
    var gangDecorators: String {
        self.isPython ? "@parallel or a framework such as @torchrun" : "@Parallel or a framework such as @Torchrun"
    }

    /// The decorator that reserves GPUs.
    func gpus(_ count: Int) -> String { self.isPython ? "@resources(gpu=\(count))" : "@Resources(gpu: \(count))" }

    /// A transition to a gang.
    func nodes(for step: String) -> String {
        self.isPython ? "self.next(self.\(step), num_parallel=…)" : ".\(step)(nodes: …)"
    }
}
