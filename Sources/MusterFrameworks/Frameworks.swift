/// The frameworks that agents know. Others are planned by the flow program that brought them.
package enum Frameworks {
    private static let all: [any Framework] = [
        TorchrunFramework(), DeepSpeedFramework(), MPIFramework(), RayFramework(), TensorFlowFramework(),
        ParallelFramework(),
    ]

    /// The framework of this name; nil when a flow program has to know it.
    package static func named(_ name: String) -> (any Framework)? {
        self.all.first { type(of: $0).name == name }
    }

    /// All names, for messages.
    package static var names: [String] { self.all.map { type(of: $0).name } }
}
