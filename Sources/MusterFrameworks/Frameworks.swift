/// The built-in frameworks. Others are planned by the flow program that links them (the verb `plan`).
package enum Frameworks {
    private static let all: [any Framework] = [
        TorchrunFramework(), DeepSpeedFramework(), MPIFramework(), RayFramework(), TensorFlowFramework(),
        ParallelFramework(),
    ]

    /// The built-in framework of this name; nil for one of a flow program.
    package static func named(_ name: String) -> (any Framework)? {
        self.all.first { type(of: $0).name == name }
    }

    /// All names, for messages.
    package static var names: [String] { self.all.map { type(of: $0).name } }
}
