import FoundationEssentials
import MusterModel

/// Decodes the texts of a flow's parameters and encodes their values.
enum ParameterCoding {
    static func decode<Value: Decodable>(_ type: Value.Type, from value: ParameterValue) throws -> Value {
        try ArtifactCoding.decoder().decode(type, from: Data(self.json(value, ParameterKind(of: type)).utf8))
    }

    static func encode(_ value: some Encodable) throws -> ParameterValue {
        let text = String(decoding: try ArtifactCoding.encoder().encode(value), as: UTF8.self)
        if text == "null" { return .null }
        switch ParameterKind(of: type(of: value)) {
        case .string, .url, .choice: return ParameterValue(try JSONDecoder().decode(String.self, from: Data(text.utf8)))
        case .double: return ParameterValue(self.notFinite[text] ?? text)
        case .int, .bool, .json, .file: return ParameterValue(text)
        }
    }

    /// The text as JSON, which values of every type are read from.
    private static func json(_ value: ParameterValue, _ kind: ParameterKind) throws -> String {
        guard let text = value.text else { return "null" }
        switch kind {
        case .string, .url, .choice: return try self.quoted(text)
        case .double where !JSONSyntax.isValid(text):
            guard let number = Double(text) else { return text }
            return number.isFinite
                ? "\(number)" : try self.quoted(number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity")
        case .double where Double(text)?.isFinite == false:
            return try self.quoted(text.hasPrefix("-") ? "-Infinity" : "Infinity")
        case .double, .int, .bool, .json, .file: return text
        }
    }

    /// Spellings of infinities and NaN: as texts in JSON, and in parameters.
    private static let notFinite = ["\"NaN\"": "nan", "\"Infinity\"": "inf", "\"-Infinity\"": "-inf"]

    private static func quoted(_ text: String) throws -> String {
        String(decoding: try ArtifactCoding.encoder().encode(text), as: UTF8.self)
    }
}
