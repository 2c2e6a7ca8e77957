import FoundationEssentials
import MusterModel

/// The exception that ended a worker, from the file that torch's `record` writes.
enum TorchError {
    /// Bytes of a message that are shown.
    private static let longest = 500

    /// The message in the file at `path`; nil when there is none.
    static func message(_ path: String) -> String? {
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count < 1 << 20,
            case .object(let file)? = try? JSONValue(parsing: data)
        else { return nil }
        switch file["message"] {
        case .string(let text): return String(text.prefix(Self.longest))
        case .object(let inner):
            guard case .string(let text)? = inner["message"] else { return nil }
            return String(text.prefix(Self.longest))
        default: return nil
        }
    }
}
