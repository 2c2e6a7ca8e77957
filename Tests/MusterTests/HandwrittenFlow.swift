import Muster

/// The code that `@Flow` would write, written by hand against the public protocols.
struct HandwrittenFlow: Flow {
    @Parameter("How many.") var count = 2
    @Parameter("Where.") var place: String
    @Artifact var numbers: [Double] = []
    @Artifact var note = "none"

    struct Next: NextStep {
        let departure: Departure
        static func work(foreach items: some Collection<Int>) -> Next { Next(departure: .foreach("work", items)) }
        static var join: Next { Next(departure: .step("join")) }
        static var end: Next { Next(departure: .step("end")) }
    }

    static var definition: FlowDefinition<Self> {
        FlowDefinition(
            name: "HandwrittenFlow", summary: "By hand.",
            parameters: [ParameterProperty("count", \._count), ParameterProperty("place", \._place, line: 6)],
            artifacts: [ArtifactProperty("numbers", \._numbers), ArtifactProperty("note", \._note)],
            steps: [
                StepDefinition("start", line: 30, decorators: [Retry(times: 1)], edges: [.foreach(to: "work")]) {
                    flow, _ in
                    flow.numbers = [0.5]
                    return .work(foreach: 0..<flow.count)
                },
                StepDefinition("work", edges: [.step(to: "join")]) { flow, input in
                    flow.numbers.append(Double(try input.item(Int.self)))
                    return .join
                },
                StepDefinition("join", join: JoinManifest(), edges: [.step(to: "end")]) { flow, input in
                    flow.numbers = input.all.flatMap(\.numbers)
                    try flow.merge(input.all)
                    return .end
                },
                StepDefinition("end") { _, _ in nil },
            ])
    }
}
