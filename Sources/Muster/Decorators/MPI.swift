public import MusterModel

/// Makes the step's gang hosts of MPI: the body runs on the control node, and `current.mpi` compiles, broadcasts and runs
/// with whichever of Open MPI 4, Open MPI 5 and MPICH is installed. Each node has as many slots as cpus, or GPUs where it
/// has some, that the step reserves with `@Resources`.
@attached(peer)
public macro MPI() = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// The value of the attribute ``MPI()``.
public struct MPI: Decorator {
    public static var name: String { "mpi" }

    public init() {}

    public func apply(to settings: inout StepSettings) {
        settings.isGang = true
        settings.framework = FrameworkSettings(name: "mpi", options: [:])
    }
}
