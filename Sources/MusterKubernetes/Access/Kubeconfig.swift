import Foundation
import MusterBackends
import MusterHTTP
import Yams

/// kubectl's configuration: clusters, users, and which of them are meant
/// (https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/).
struct Kubeconfig {
    struct Cluster: Decodable {
        var server: String?
        var certificateAuthority: String?
        var certificateAuthorityData: String?
        var insecureSkipTLSVerify: Bool?
        var tlsServerName: String?
        var proxyURL: String?

        enum CodingKeys: String, CodingKey {
            case server
            case certificateAuthority = "certificate-authority"
            case certificateAuthorityData = "certificate-authority-data"
            case insecureSkipTLSVerify = "insecure-skip-tls-verify"
            case tlsServerName = "tls-server-name"
            case proxyURL = "proxy-url"
        }
    }

    struct User: Decodable {
        var clientCertificate: String?
        var clientCertificateData: String?
        var clientKey: String?
        var clientKeyData: String?
        var token: String?
        var tokenFile: String?
        var username: String?
        var password: String?
        var exec: ExecPlugin.Settings?
        var authProvider: Provider?

        /// A way that Kubernetes has dropped.
        struct Provider: Decodable { var name: String? }

        enum CodingKeys: String, CodingKey {
            case clientCertificate = "client-certificate"
            case clientCertificateData = "client-certificate-data"
            case clientKey = "client-key"
            case clientKeyData = "client-key-data"
            case token, tokenFile, username, password, exec
            case authProvider = "auth-provider"
        }
    }

    struct Context: Decodable {
        var cluster: String?
        var user: String?
        var namespace: String?
    }

    /// A named entry, and the folder that its paths start at.
    struct Entry<Value> {
        var value: Value
        var folder: String
    }

    var current: String?
    var clusters: [String: Entry<Cluster>] = [:]
    var users: [String: Entry<User>] = [:]
    var contexts: [String: Entry<Context>] = [:]
    /// The files that were read, for messages.
    private(set) var files: [String] = []

    /// Reads a file more. What an earlier one says wins.
    mutating func add(_ text: String, at path: String) throws(BackendError) {
        let file: File
        do {
            // A file without a word is one without an entry.
            file = text.allSatisfy(\.isWhitespace) ? File() : try YAMLDecoder().decode(File.self, from: text)
        } catch {
            throw .kubernetes("\(path) is no configuration of kubectl: \(error)")
        }
        let folder = URL(filePath: path).deletingLastPathComponent().path
        self.files.append(path)
        if self.current == nil, let name = file.currentContext, !name.isEmpty { self.current = name }
        for each in file.clusters ?? [] where self.clusters[each.name] == nil {
            self.clusters[each.name] = Entry(value: each.cluster ?? Cluster(), folder: folder)
        }
        for each in file.users ?? [] where self.users[each.name] == nil {
            self.users[each.name] = Entry(value: each.user ?? User(), folder: folder)
        }
        for each in file.contexts ?? [] where self.contexts[each.name] == nil {
            self.contexts[each.name] = Entry(value: each.context ?? Context(), folder: folder)
        }
    }

    private struct File: Decodable {
        struct NamedCluster: Decodable {
            var name: String
            var cluster: Cluster?
        }
        struct NamedUser: Decodable {
            var name: String
            var user: User?
        }
        struct NamedContext: Decodable {
            var name: String
            var context: Context?
        }
        var currentContext: String?
        var clusters: [NamedCluster]?
        var users: [NamedUser]?
        var contexts: [NamedContext]?

        enum CodingKeys: String, CodingKey {
            case currentContext = "current-context"
            case clusters, users, contexts
        }
    }
}

extension BackendError {
    static func kubernetes(_ message: String) -> BackendError {
        BackendError(code: .options, message: message, isTransient: false)
    }
}
