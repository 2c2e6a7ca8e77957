import FoundationEssentials
import MusterModel
import MusterWire
import NIOCore
import NIOSSL

/// The encryption of a gang's connections: TLS 1.2 with the attempt's key, and nothing else.
///
/// With the one cipher suite below a peer without the key cannot finish the handshake, whichever side it is, and a key
/// that is learned later does not open what was recorded. No certificate, clock or trust store takes part.
struct GangTLS: Sendable {
    static let suite = "ECDHE-PSK-CHACHA20-POLY1305"
    private static let keyLength = 32

    private let key: [UInt8]
    private let identity: String

    /// - Parameter secret: 32 bytes in base64.
    init(secret: String, attempt: AttemptID) throws(AgentError) {
        guard let key = Data(base64Encoded: secret), key.count == Self.keyLength else {
            throw AgentError("the gang's secret must be \(Self.keyLength) bytes in base64")
        }
        self.key = Array(key)
        // BoringSSL takes at most 128 bytes.
        self.identity = String(attempt.folder.suffix(100))
    }

    func serverContext() throws -> NIOSSLContext {
        var configuration = self.configuration()
        configuration.pskServerProvider = { [key, identity] context in
            guard context.clientIdentity == identity else { throw AgentError("a peer of another attempt") }
            return PSKServerIdentityResponse(key: NIOSSLSecureBytes(key))
        }
        return try NIOSSLContext(configuration: configuration)
    }

    func clientContext() throws -> NIOSSLContext {
        var configuration = self.configuration()
        configuration.pskClientProvider = { [key, identity] _ in
            PSKClientIdentityResponse(key: NIOSSLSecureBytes(key), identity: identity)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private func configuration() -> TLSConfiguration {
        var configuration = TLSConfiguration.makePreSharedKeyConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.maximumTLSVersion = .tlsv12
        configuration.cipherSuites = Self.suite
        configuration.certificateVerification = .none
        configuration.trustRoots = .certificates([])
        configuration.renegotiationSupport = .none
        configuration.shutdownTimeout = .seconds(1)
        return configuration
    }
}
