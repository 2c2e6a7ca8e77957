package import FoundationEssentials

/// The body of an error of a service that answers in XML.
package struct XMLFault: Sendable, Hashable {
    /// `NoSuchKey` and so on.
    package let code: String
    package let message: String
    package let region: String?

    /// Nil for a body that is no such error.
    package init?(_ body: Data) {
        guard let root = XMLElement.read(body) else { return nil }
        // STS wraps its errors.
        let error = root.name == "ErrorResponse" ? root["Error"] : root.name == "Error" ? root : nil
        guard let error, let code = error["Code"]?.text else { return nil }
        self.code = code
        self.message = error["Message"]?.text ?? ""
        self.region = error["Region"]?.text
    }
}
