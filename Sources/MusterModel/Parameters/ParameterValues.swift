import FoundationEssentials

/// Reads the values of a flow's parameters from the command line and the environment.
///
/// On the command line `learningRate` is `--learning-rate 0.1`, `--learning-rate=0.1` or `--learningRate 0.1`; a Bool
/// `verbose` is `--verbose`, `--no-verbose` or `--verbose true`. In the environment it is
/// `MUSTER_PARAMETER_LEARNING_RATE`, or `METAFLOW_RUN_…` as Metaflow has it. The command line wins over the environment, the environment over the default.
public struct ParameterValues: Sendable {
    private let parameters: [ParameterManifest]
    private let texts: ParameterText

    /// - Parameter allowsNonFinite: True for a flow's language that reads `NaN` and infinities in JSON.
    public init(_ parameters: [ParameterManifest], allowsNonFinite: Bool = false) {
        self.parameters = parameters
        self.texts = ParameterText(allowsNonFinite: allowsNonFinite)
    }

    /// The value of every parameter, defaults included.
    /// - Parameters:
    ///   - tokens: the arguments that are left when the command has taken its own.
    ///   - environment: the variables of the command's environment; those of other flows are left alone.
    /// - Throws: the first problem in the order of the tokens, then of the parameters.
    public func read(tokens: [String], environment: [String: String] = [:]) throws(ParameterError) -> [String:
        ParameterValue]
    {
        var values = try self.read(tokens)
        for parameter in self.parameters where values[parameter.name] == nil {
            let variable = ParameterSpelling.variable(parameter.name)
            let variables = [variable, ParameterSpelling.metaflowVariable(parameter.name)]
            if let given = variables.first(where: { environment[$0] != nil }), let text = environment[given] {
                values[parameter.name] = try self.texts.value(of: text, for: parameter, given: given)
            } else if let value = parameter.defaultValue {
                values[parameter.name] = value
            } else {
                throw ParameterError(
                    parameter: parameter.name, value: nil,
                    reason: "parameter '\(parameter.name)' is required; give it with "
                        + "\(ParameterSpelling.flag(parameter.name)) or in \(variable)")
            }
        }
        return values
    }

    private func read(_ tokens: [String]) throws(ParameterError) -> [String: ParameterValue] {
        var values: [String: ParameterValue] = [:]
        var rest = tokens[...]
        while let token = rest.popFirst() {
            let (parameter, value) = try self.readOne(token, &rest)
            guard values.updateValue(value, forKey: parameter.name) == nil else {
                throw ParameterError(
                    parameter: parameter.name, value: nil, reason: "parameter '\(parameter.name)' is given twice")
            }
        }
        return values
    }

    /// Reads one parameter; takes its value from `rest` if it is a separate token.
    private func readOne(
        _ token: String, _ rest: inout ArraySlice<String>
    ) throws(ParameterError) -> (ParameterManifest, ParameterValue) {
        guard token.hasPrefix("--"), token.count > 2 else {
            throw ParameterError(
                parameter: nil, value: token,
                reason: "'\(token)' belongs to no parameter; write parameters as --name value")
        }
        let parts = token.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(
            String.init)
        let flag = parts[0]
        let given = "--\(flag)"
        if let parameter = self.parameter(flag) {
            if parts.count > 1 { return (parameter, try self.texts.value(of: parts[1], for: parameter, given: given)) }
            if parameter.kind == .bool {
                guard let next = rest.first, let value = ParameterText.bool(next) else { return (parameter, "true") }
                rest = rest.dropFirst()
                return (parameter, ParameterValue("\(value)"))
            }
            return (parameter, try self.nextValue(for: parameter, given, &rest))
        }
        if flag.hasPrefix("no-"), let parameter = self.parameter(String(flag.dropFirst(3))), parameter.kind == .bool {
            guard parts.count == 1 else {
                throw ParameterError(parameter: parameter.name, value: parts[1], reason: "\(given) takes no value")
            }
            return (parameter, "false")
        }
        throw self.unknown(flag)
    }

    private func nextValue(
        for parameter: ParameterManifest, _ given: String, _ rest: inout ArraySlice<String>
    ) throws(ParameterError) -> ParameterValue {
        guard let text = rest.popFirst() else {
            throw ParameterError(parameter: parameter.name, value: nil, reason: "\(given) needs a value after it")
        }
        // A single dash may start a negative number; two are the next parameter.
        guard !text.hasPrefix("--") else {
            throw ParameterError(
                parameter: parameter.name, value: text,
                reason: "\(given) needs a value, and '\(text)' follows; if that is the value, write \(given)=\(text)")
        }
        return try self.texts.value(of: text, for: parameter, given: given)
    }

    /// The parameter that is spelled `flag`; its exact name comes first.
    private func parameter(_ flag: String) -> ParameterManifest? {
        self.parameters.first { $0.name == flag }
            ?? self.parameters.first { ParameterSpelling.kebab($0.name) == flag }
    }

    private func unknown(_ flag: String) -> ParameterError {
        let flags = self.parameters.map { ParameterSpelling.kebab($0.name) }
        let reason = "there is no parameter --\(flag)"
        if let nearest = NameSuggestion.nearest(to: ParameterSpelling.kebab(flag), among: flags) {
            return ParameterError(parameter: nil, value: flag, reason: "\(reason); did you mean --\(nearest)?")
        }
        guard !flags.isEmpty else {
            return ParameterError(parameter: nil, value: flag, reason: "\(reason); the flow has no parameters")
        }
        let list = flags.map { "--\($0)" }.joined(separator: ", ")
        return ParameterError(parameter: nil, value: flag, reason: "\(reason); the flow has \(list)")
    }
}

/// A parameter that could not be read.
public struct ParameterError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The parameter's name; nil when there is no such parameter.
    public var parameter: String?
    /// The value that was given.
    public var value: String?
    /// One sentence that names both; what can be done about it comes last.
    public var reason: String

    public init(parameter: String?, value: String?, reason: String) {
        self.parameter = parameter
        self.value = value
        self.reason = reason
    }

    public var description: String { self.reason }
}
