import Crypto
package import FoundationEssentials

/// The key of an attempt elsewhere, and what is derived from it.
///
/// The engine makes the key; the nodes of one start of the job derive the secret of their connections from it and from
/// that start's incarnation (HKDF with SHA-256, RFC 5869), so that nodes of two starts cannot shake hands.
package struct GangKey: Sendable {
    package static let length = 32

    package let bytes: Data

    /// The key in an object of the store; nil when it has another length.
    package init?(_ bytes: Data) {
        guard bytes.count == Self.length else { return nil }
        self.bytes = bytes
    }

    /// 32 bytes for the gang's connections, base64.
    package func secret(of incarnation: String) -> String {
        self.derive("muster gang", incarnation).base64EncodedString()
    }

    /// A text for the services of the step's framework, which the user's programs may know.
    package func clusterSecret(of incarnation: String) -> String {
        self.derive("muster cluster", incarnation).map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
    }

    private func derive(_ purpose: String, _ incarnation: String) -> Data {
        HKDF<SHA256>.deriveKey(
            inputKeyMaterial: SymmetricKey(data: self.bytes), salt: Data(purpose.utf8), info: Data(incarnation.utf8),
            outputByteCount: Self.length
        ).withUnsafeBytes { Data($0) }
    }
}
