import Muster

/// A decorator as another package would write it: a value, and an attribute of the same name.
@attached(peer)
macro Seed(_ value: Int) = #externalMacro(module: "MusterMacros", type: "DecoratorMacro")

struct Seed: Decorator {
    static var name: String { "seed" }
    var value: Int

    init(_ value: Int) { self.value = value }

    var options: [String: JSONValue] { ["value": .int(self.value)] }
    func apply(to settings: inout StepSettings) { settings.environment["SEED"] = "\(self.value)" }
    func prepare(_ current: Current) async throws {
        if self.value < 0 { throw SeedError() }
    }
}

struct SeedError: Error, CustomStringConvertible {
    var description: String { "a seed is not negative" }
}
