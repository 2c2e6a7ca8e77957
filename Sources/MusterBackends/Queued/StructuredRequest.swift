import FoundationEssentials

/// A request to a place as one value. A dry run prints its text, and the backend reads the value from that text again.
package protocol StructuredRequest: Codable, Sendable {
    /// For messages: `AWS Batch`.
    static var placeName: String { get }
}

extension StructuredRequest {
    /// JSON with sorted keys, on many lines.
    package func text() throws(BackendError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        do {
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        } catch {
            throw BackendError(code: .refused, message: "the request cannot be written: \(error)", isTransient: false)
        }
    }

    /// Reads ``text()`` again.
    package init(text: String) throws(BackendError) {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        } catch {
            throw BackendError(
                code: .answer, message: "this is no request for \(Self.placeName): \(error)", isTransient: false)
        }
    }
}
