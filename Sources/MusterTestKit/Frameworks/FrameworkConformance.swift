import MusterFrameworks
import MusterModel

/// Checks a framework against every rule that the agents rely on, without starting processes.
///
///     @Test("Ring keeps the promises of a framework")
///     func conformance() {
///         let subject = FrameworkSubject(RingFramework()) { ["arguments": .array($0.map(JSONValue.string))] }
///         #expect(FrameworkConformance(subject).problems() == [])
///     }
///
/// It depends on no test library: it returns a list of problems.
public struct FrameworkConformance: Sendable {
    /// The most problems reported for one rule, because one mistake shows on every gang.
    private static let mostPerRule = 3

    let subject: FrameworkSubject

    public init(_ subject: FrameworkSubject) { self.subject = subject }

    /// Returns the violations; empty for a conforming framework.
    public func problems() -> [FrameworkProblem] {
        var found: [FrameworkProblem] = []
        self.checkRefusals { found.append($0) }
        for trial in self.trials {
            self.checkSetup(trial) { found.append($0) }
            for options in self.subject.launches { self.checkLaunch(trial, options) { found.append($0) } }
            self.checkArguments(trial) { found.append($0) }
        }
        return FrameworkRule.allCases.flatMap { rule in found.filter { $0.rule == rule }.prefix(Self.mostPerRule) }
    }

    typealias Report = (FrameworkProblem) -> Void

    /// All gangs with all settings that fit them.
    private var trials: [Trial] {
        TrialGang.all.flatMap { gang in
            self.subject.settings.filter { $0.smallestGang <= gang.size }.map {
                Trial(framework: self.subject.framework, gang: gang, settings: $0.values)
            }
        }
    }

    /// The smallest gang that each of the settings allows.
    var smallTrials: [Trial] {
        self.subject.settings.map { settings in
            Trial(
                framework: self.subject.framework,
                gang: TrialGang(size: max(1, settings.smallestGang), place: .oneMachine, equipment: .cpus),
                settings: settings.values)
        }
    }
}
