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
public protocol Flow: SendableMetatype {
    /// The transitions of the flow: one constructor per step.
    associatedtype Next: NextStep

    /// The flow before its first step: every artifact has its default.
    init()

    /// The flow's name, properties and steps.
    static var definition: FlowDefinition<Self> { get }
}

extension Flow {
    /// The program's entry point. It handles `describe`, `step`, `serve` and `plan` itself and executes (`exec`)
    /// `muster` for every other verb.
    public static func main() {
        FlowProgram<Self>.run(arguments: CommandLine.arguments)
    }

    /// The task, the run and the gang of a step body.
    ///
    /// Available in the body and in the child tasks that the body starts. Anywhere else the program ends with a
    /// message.
    public var current: Current { Current.require() }
}
