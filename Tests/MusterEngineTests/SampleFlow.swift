import MusterBackends
import MusterModel
import MusterWire

/// A flow with one of everything: branches, a nested foreach, a gang, a choice and a loop.
enum SampleFlow {
    static let manifest = FlowManifest(
        name: "Sample", language: "test", folder: "/",
        steps: [
            StepManifest(name: "start", edges: [.branches(to: ["grid", "prepare"])]),
            StepManifest(name: "grid", edges: [.foreach(to: "row")]),
            StepManifest(name: "row", edges: [.foreach(to: "cell")]),
            StepManifest(name: "cell", edges: [.step(to: "joinRow")]),
            StepManifest(name: "joinRow", join: JoinManifest(), edges: [.step(to: "joinGrid")]),
            StepManifest(name: "joinGrid", join: JoinManifest(), edges: [.step(to: "merge")]),
            StepManifest(name: "prepare", edges: [.nodes(to: "train")]),
            StepManifest(name: "train", edges: [.step(to: "joinTrain")], settings: .gang),
            StepManifest(name: "joinTrain", join: JoinManifest(), edges: [.step(to: "prepare"), .step(to: "merge")]),
            StepManifest(name: "merge", join: JoinManifest(), edges: [.step(to: "end")]),
            StepManifest(name: "end"),
        ])

    /// How `task` goes on: two rows of three cells, and two rounds of training on three nodes.
    static func transition(_ gang: GangSpec) -> Transition {
        switch gang.step.name {
        case "start": .branches(to: ["grid", "prepare"])
        case "grid": .foreach(to: "row", count: 2)
        case "row": .foreach(to: "cell", count: 3)
        case "cell": .step(to: "joinRow")
        case "joinRow": .step(to: "joinGrid")
        case "joinGrid": .step(to: "merge")
        case "prepare": .nodes(to: "train", count: 3)
        case "train": .step(to: "joinTrain")
        case "joinTrain": gang.inputs.first?.taskID == "3" ? .step(to: "prepare") : .step(to: "merge")
        case "merge": .step(to: "end")
        default: .end
        }
    }
}

extension StepSettings {
    static var gang: StepSettings {
        var settings = StepSettings()
        settings.isGang = true
        return settings
    }
}
