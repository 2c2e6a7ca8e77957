package import FoundationEssentials
import NIOSSL

/// The certificates that a server may show, and the one that this program shows it.
package struct HTTPTrust: Sendable, Hashable {
    package enum Authorities: Sendable, Hashable {
        /// Those that this system trusts.
        case system
        /// Those in a file of PEM.
        case file(String)
        /// Those in a text of PEM.
        case text(Data)
        /// Whatever the server shows.
        case anybody
    }

    /// This program's certificate, with those that vouch for it, and its key; both in PEM.
    package struct Identity: Sendable, Hashable {
        package var certificates: Data
        package var key: Data

        package init(certificates: Data, key: Data) {
            self.certificates = certificates
            self.key = key
        }
    }

    package var authorities: Authorities
    /// nil: the server is shown none.
    package var identity: Identity?
    /// The name that stands in the server's certificate, where it is not the one by which it is reached.
    package var serverName: String?

    package init(_ authorities: Authorities, identity: Identity? = nil, serverName: String? = nil) {
        self.authorities = authorities
        self.identity = identity
        self.serverName = serverName
    }

    /// Those that this system trusts.
    package static let system = HTTPTrust(.system)

    /// Those in a file of PEM.
    package static func file(_ path: String) -> HTTPTrust { HTTPTrust(.file(path)) }

    func context() throws(HTTPError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        do {
            switch self.authorities {
            case .system: break
            case .file(let path): configuration.trustRoots = .file(path)
            case .text(let text):
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(text)))
            case .anybody: configuration.certificateVerification = .none
            }
            if let identity {
                configuration.certificateChain = try NIOSSLCertificate.fromPEMBytes(Array(identity.certificates)).map {
                    .certificate($0)
                }
                configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: Array(identity.key), format: .pem))
            }
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw HTTPError(.tls, "\(self.subject) cannot be read: \(error)")
        }
    }

    private var subject: String {
        switch self.authorities {
        case .file(let path): "the certificates in \(path)"
        case .system where self.identity == nil: "the certificates that this system trusts"
        case .system, .text, .anybody: "the certificates for the server"
        }
    }
}
