import SwiftDiagnostics
import SwiftSyntax

/// Checks one transition: that its steps exist and are entered in the form they ask for.
struct TransitionCheck {
    /// The most nodes that one gang may have, as the engine has it.
    static let maximumNodes = 4096

    let source: FlowSource
    let transition: TransitionSource

    init(_ source: FlowSource, _ transition: TransitionSource) {
        self.source = source
        self.transition = transition
    }

    func run(_ report: inout Report) {
        for target in self.transition.targets {
            guard let step = self.source.step(target.plainName) else {
                self.reportUnknown(target, &report)
                continue
            }
            self.checkForm(step, target, &report)
        }
        self.checkBranches(&report)
        self.checkCount(&report)
    }

    private func reportUnknown(_ target: TokenSyntax, _ report: inout Report) {
        // A step with an illegal signature exists; only the signature is reported.
        let declared = self.source.structure.memberBlock.members.contains {
            $0.decl.as(FunctionDeclSyntax.self)?.name.plainName == target.plainName
        }
        if declared,
            self.source.structure.memberBlock.members.contains(where: { member in
                guard let function = member.decl.as(FunctionDeclSyntax.self),
                    function.name.plainName == target.plainName
                else {
                    return false
                }
                return function.attributes.contains {
                    ["Step", "Join"].contains($0.as(AttributeSyntax.self)?.plainName)
                }
            })
        {
            return
        }
        let text = "flow '\(self.source.name)' has no step '\(target.plainName)'"
        if declared {
            report.error(target, "\(text): the method of that name is not marked with @Step or @Join")
            return
        }
        let names = self.source.steps.map(\.name).filter { $0 != "start" }
        guard let nearest = Suggestion.nearest(to: target.plainName, among: names) else {
            report.error(target, text)
            return
        }
        report.error(target, "\(text); did you mean '\(nearest)'?", fixIts: [.rename(target, to: nearest)])
    }

    private func checkForm(_ step: StepSource, _ target: TokenSyntax, _ report: inout Report) {
        let name = step.name
        switch self.transition.form {
        case _ where name == "start":
            report.error(target, "nothing leads back to 'start'; put the first step of the loop after it")
        case .foreach where !step.takesElement:
            report.error(
                target,
                step.isJoin
                    ? "a foreach cannot lead straight into the join '\(name)'"
                    : "step '\(name)' takes no element; give it a parameter, as in `func \(name)(_ item: Int)`")
        case .nodes where !step.mayBeGang:
            report.error(
                target, "step '\(name)' is no gang; add a decorator such as @Parallel or enter it with `.\(name)`")
        case .step where step.takesElement, .nodes where step.takesElement, .branches where step.takesElement:
            report.error(target, "step '\(name)' takes an element; enter it with `.\(name)(foreach: …)`")
        case .step where step.isKnownGang, .branches where step.isKnownGang, .foreach where step.isKnownGang:
            report.error(target, "step '\(name)' is a gang; enter it with `.\(name)(nodes: …)`")
        case .branches where step.isJoin || name == "end":
            report.error(target, "a branch cannot lead straight into '\(name)'; it needs a step of its own")
        case .nodes where step.isJoin:
            report.error(target, "the join '\(name)' cannot be a gang")
        default: break
        }
    }

    private func checkBranches(_ report: inout Report) {
        guard self.transition.form == .branches else { return }
        var seen: Set<String> = []
        for target in self.transition.targets where !seen.insert(target.plainName).inserted {
            report.error(target, "step '\(target.plainName)' is a branch twice; each branch needs a step of its own")
        }
    }

    private func checkCount(_ report: inout Report) {
        guard let count = self.transition.count, let value = count.literalInt else { return }
        if !(1...Self.maximumNodes).contains(value) {
            report.error(count, "a gang has 1 to \(Self.maximumNodes) nodes, not \(value)")
        }
    }
}
