import MusterFrameworks
import MusterModel

/// Rules about input that must be refused, and about the messages.
extension FrameworkConformance {
    private static let unknown = "noSuchThing"

    func checkRefusals(_ report: Report) {
        for trial in self.smallTrials {
            self.checkUnknownSetting(trial, report)
            self.checkTextsWithNul(in: trial.settings, of: "setting", trial, report) { values throws(FrameworkError) in
                let other = Trial(framework: trial.framework, gang: trial.gang, settings: values)
                _ = try other.setup()
                // A setting that the setup accepts must be refused by the launch.
                for options in self.subject.launches { _ = try other.launch(options) }
                _ = try other.services()
            }
            for options in self.subject.launches {
                self.checkUnknownOption(options, trial, report)
                self.checkTextsWithNul(in: options, of: "option", trial, report) { values throws(FrameworkError) in
                    _ = try trial.check(values)
                }
            }
        }
    }

    private func checkUnknownSetting(_ trial: Trial, _ report: Report) {
        guard (try? trial.setup()) != nil else { return }
        let settings = trial.settings.merging([Self.unknown: .int(1)]) { $1 }
        self.expectRefusal(.unknownSetting, trial, report) { () throws(FrameworkError) in
            _ = try Trial(framework: trial.framework, gang: trial.gang, settings: settings).setup()
        }
    }

    private func checkUnknownOption(_ options: [String: JSONValue], _ trial: Trial, _ report: Report) {
        self.expectRefusal(.unknownOption, trial, report) { () throws(FrameworkError) in
            _ = try trial.check(options.merging([Self.unknown: .int(1)]) { $1 })
        }
    }

    private func expectRefusal(
        _ rule: FrameworkRule, _ trial: Trial, _ report: Report, _ ask: () throws(FrameworkError) -> Void
    ) {
        do throws(FrameworkError) {
            try ask()
            report(FrameworkProblem(rule: rule, place: "\(trial)", detail: "'\(Self.unknown)' was taken"))
        } catch {
            guard !error.message.contains(Self.unknown) else { return }
            report(
                FrameworkProblem(
                    rule: rule, place: "\(trial)",
                    detail: "the message does not name '\(Self.unknown)': \(error.message)"))
        }
    }

    private func checkTextsWithNul(
        in values: [String: JSONValue], of kind: String, _ trial: Trial, _ report: Report,
        _ ask: ([String: JSONValue]) throws(FrameworkError) -> Void
    ) {
        for name in values.keys.sorted() {
            for spoiled in values[name]?.spoiled ?? [] {
                guard (try? ask(values.merging([name: spoiled]) { $1 })) != nil else { continue }
                report(
                    FrameworkProblem(
                        rule: .textWithNul, place: "\(trial)", detail: "\(kind) \(name) was taken with a NUL character")
                )
            }
        }
    }
}

extension JSONValue {
    /// This value once for each text in it, with a NUL character in that text.
    fileprivate var spoiled: [JSONValue] {
        switch self {
        case .string(let text): [.string(text + "\0end")]
        case .array(let items):
            items.indices.flatMap { index in
                items[index].spoiled.map { other in
                    var items = items
                    items[index] = other
                    return .array(items)
                }
            }
        case .object(let members):
            members.keys.sorted().flatMap { key in
                (members[key]?.spoiled ?? []).map { .object(members.merging([key: $0]) { $1 }) }
            }
        case .null, .bool, .int, .double: []
        }
    }
}
