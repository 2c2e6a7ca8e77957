package import MusterModel

/// The gang runners of a run, by the names of their places.
package struct GangRunners: Sendable {
    private let local: any GangRunner
    private let others: [String: any GangRunner]

    /// - Parameters:
    ///   - local: This machine's, which takes the steps that name no place.
    ///   - others: Those of the places that are set up.
    package init(local: any GangRunner, others: [any GangRunner] = []) {
        self.local = local
        self.others = Dictionary(others.map { ($0.name, $0) }) { $1 }
    }

    package var all: [any GangRunner] { [self.local] + self.others.values }

    /// The runner of the step's place; this machine's where the step names none, or one that is not set up.
    package subscript(step: StepSettings) -> any GangRunner {
        step.place.flatMap { self.others[$0.name] } ?? self.local
    }

    package func observe(_ body: @escaping @Sendable (GangObservation) -> Void) {
        for runner in self.all { runner.observe(body) }
    }

    package func leftovers() async -> [String] {
        var problems: [String] = []
        for runner in self.all { problems += await runner.leftovers() }
        return problems
    }

    package func rest() async {
        for runner in self.all { await runner.rest() }
    }
}

/// A gang that an engine which died had begun to start.
package struct StartedGang: Sendable, Equatable {
    package let spec: GangSpec
    /// Its job, where the place had accepted it and the engine had stored that.
    package let job: String?

    package init(spec: GangSpec, job: String?) {
        self.spec = spec
        self.job = job
    }
}
