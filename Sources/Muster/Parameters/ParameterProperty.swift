import FoundationEssentials
import MusterModel

/// A flow's parameter: its name and the property that holds it.
public struct ParameterProperty<Root: Flow> {
    public let name: String
    let bind: (_ flow: inout Root, ParameterValue) throws -> Void
    let manifest: (_ flow: Root, _ file: String) throws -> ParameterManifest

    /// - Parameters:
    ///   - property: the wrapper itself, as in `\._epochs`.
    ///   - line: the line of the property in the flow's source file.
    public init<Value: Codable>(
        _ name: String, _ property: WritableKeyPath<Root, Parameter<Value>>, line: Int? = nil
    ) {
        self.name = name
        self.bind = { flow, value in
            do {
                flow[keyPath: property].bind(try ParameterCoding.decode(Value.self, from: value))
            } catch {
                throw StepFailure(.contract, "parameter '\(name)' is not a \(Value.self): \(error)")
            }
        }
        self.manifest = { flow, file in
            let parameter = flow[keyPath: property]
            do {
                return ParameterManifest(
                    name: name, help: parameter.help, kind: ParameterKind(of: Value.self),
                    defaultValue: try parameter.defaultValue.map { try ParameterCoding.encode($0) },
                    location: line.map { SourceLocation(file: file, line: $0) })
            } catch {
                throw StepFailure(.contract, "the default of parameter '\(name)' is not JSON: \(error)")
            }
        }
    }
}

extension ParameterKind {
    /// The kind of text that a parameter of this type is read from.
    init(of type: Any.Type) {
        switch type {
        case let optional as any OptionalParameter.Type: self.init(of: optional.wrapped)
        case is any BinaryInteger.Type: self = .int
        case is Double.Type, is Float.Type: self = .double
        case is Bool.Type: self = .bool
        case is String.Type: self = .string
        case is URL.Type: self = .url
        case let choice as any (CaseIterable & RawRepresentable).Type:
            self = Self.cases(of: choice).map { .choice(cases: $0) } ?? .json
        default: self = .json
        }
    }

    /// The raw values of an enum; nil when they are not text.
    private static func cases<Choice: CaseIterable & RawRepresentable>(of type: Choice.Type) -> [String]? {
        let values = Choice.allCases.compactMap { $0.rawValue as? String }
        return values.isEmpty ? nil : values
    }
}

/// Gives access to the wrapped type of an optional.
private protocol OptionalParameter {
    static var wrapped: Any.Type { get }
}

extension Optional: OptionalParameter {
    static var wrapped: Any.Type { Wrapped.self }
}
