/// A workflow: a struct whose stored properties are artifacts and whose marked methods are steps.
///
/// ``Flow()`` writes the conformance. It can be written by hand as well:
///
///     @main struct Greeting: Flow {
///         @Artifact var text = ""
///         enum Next …
///         static var definition: FlowDefinition<Self> { … }
///     }
///
/// A flow is a value: a copy never sees later writes of the original.
public protocol Flow {
    /// Where a step can lead; one constructor per step.
    associatedtype Next: NextStep

    /// The flow before its first step: every artifact has its default.
    init()

    /// The flow's name, properties and steps.
    static var definition: FlowDefinition<Self> { get }
}

extension Flow {
    /// The program: `describe`, `step`, `serve` and `plan` are answered here, every other verb is handed over to `muster`.
    public static func main() {
        FlowProgram<Self>.run(arguments: CommandLine.arguments)
    }

    /// What a step body knows of its task, its run and its gang.
    ///
    /// It is there while a step runs, in the body and in the child tasks that the body starts. Anywhere else the
    /// program ends with a message that says so.
    public var current: Current { Current.require() }
}
