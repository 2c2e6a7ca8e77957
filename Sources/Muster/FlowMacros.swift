/// Makes a flow out of a struct: its stored properties become artifacts, its marked methods steps.
///
/// It writes the type `Next`, with one constructor for each step, and the table of the flow's steps and properties.
/// The graph is read from the bodies and checked: an unreachable step, a fan-out that is never joined or a
/// join with nothing to join is an error on its own line.
@attached(member, names: named(Next), named(definition))
@attached(memberAttribute)
@attached(extension, conformances: Flow)
public macro Flow() = #externalMacro(module: "MusterMacros", type: "FlowMacro")

/// Marks a method as a step. Its name is the step's name.
///
///     @Step mutating func start() -> Next { .train(nodes: 4) }
///     @Step mutating func score(_ fold: Int) throws -> Next { .join }
///     @Step func end() {}
///
/// A step with a parameter is entered by `foreach:` and gets one element; a step with a gang decorator is entered by
/// `nodes:`. A body returns transitions literally, so that the graph can be read without running it.
@attached(peer)
public macro Step() = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

/// Marks a method as a join: the step in which the tasks of a fan-out meet.
///
///     @Join mutating func join(_ inputs: [Self]) throws -> Next { … }
///     @Join mutating func join(left: Self, right: Self) throws -> Next { … }
///
/// The labels of the second form are the names of the steps right before the join. `self` has its defaults;
/// ``Flow/merge(_:include:exclude:)`` takes over what the inputs agree on.
@attached(peer)
public macro Join() = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")
