import NIOSSL

/// The certificates that a server may show.
package enum HTTPTrust: Sendable, Hashable {
    /// Those that this system trusts.
    case system
    /// Those in a file of PEM.
    case file(String)

    func context() throws(HTTPError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if case .file(let path) = self { configuration.trustRoots = .file(path) }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            switch self {
            case .system: throw HTTPError(.tls, "the certificates that this system trusts cannot be read: \(error)")
            case .file(let path): throw HTTPError(.tls, "the certificates in \(path) cannot be read: \(error)")
            }
        }
    }
}
