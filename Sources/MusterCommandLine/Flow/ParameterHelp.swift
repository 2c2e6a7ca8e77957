import FoundationEssentials
import MusterModel

/// The parameters of a flow as `--help` shows them: one line each, its flag, its kind, its help and its default.
enum ParameterHelp {
    /// Lines of text, each ended by a newline; empty for a flow without parameters.
    static func text(_ parameters: [ParameterManifest]) -> String {
        guard !parameters.isEmpty else { return "" }
        let usages = parameters.map(self.usage)
        let width = min(usages.map(\.count).max() ?? 0, 30)
        var text = "PARAMETERS:\n"
        for (usage, parameter) in zip(usages, parameters) {
            let explanation = self.explanation(parameter)
            if usage.count > width {
                text += "  \(usage)\n  " + self.spaces(width + 2) + explanation + "\n"
            } else {
                text += "  \(usage)" + self.spaces(width - usage.count + 2) + explanation + "\n"
            }
        }
        let example = ParameterSpelling.variable(parameters[0].name)
        return text + "  Each can be set in the environment as well: \(example)=…\n"
    }

    private static func usage(_ parameter: ParameterManifest) -> String {
        let flag = ParameterSpelling.kebab(parameter.name)
        return switch parameter.kind {
        case .int: "--\(flag) <int>"
        case .double: "--\(flag) <number>"
        case .bool: "--[no-]\(flag)"
        case .string: "--\(flag) <text>"
        case .url: "--\(flag) <url>"
        case .choice(let cases): "--\(flag) <\(cases.joined(separator: "|"))>"
        case .json: "--\(flag) <json>"
        case .file: "--\(flag) <file>"
        }
    }

    private static func explanation(_ parameter: ParameterManifest) -> String {
        let fallback: String =
            switch parameter.defaultValue {
            case nil: "(required)"
            case let value?: value.text.map { "(default: \($0.isEmpty ? "\"\"" : $0))" } ?? "(optional)"
            }
        return parameter.help.isEmpty ? fallback : "\(parameter.help) \(fallback)"
    }

    private static func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, count)) }
}
