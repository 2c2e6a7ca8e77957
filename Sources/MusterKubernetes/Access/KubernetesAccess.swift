import Foundation
package import MusterBackends
import MusterHTTP

/// A cluster's API server, and how it comes to know who asks.
package struct KubernetesAccess: Sendable {
    /// Where the name of the user is taken from for each request.
    enum Credential: Sendable {
        /// Nothing but the certificate of ``trust``, if there is one.
        case none
        case token(String)
        /// A file that others renew.
        case tokenFile(String)
        case basic(name: String, password: String)
        case plugin(ExecPlugin)
    }

    var server: HTTPOrigin
    /// What stands before every path, such as `/k8s/clusters/c-1`; empty in most clusters.
    var path = ""
    var trust: HTTPTrust
    var proxies: HTTPProxies
    var credential: Credential
    /// The namespace of whoever names none.
    package var namespace: String
    /// For people: the context's name, or what else says where this is from.
    package var name: String
}

extension KubernetesAccess {
    /// Where Kubernetes puts a pod's own account.
    private static let account = "/var/run/secrets/kubernetes.io/serviceaccount"

    /// True when something says which cluster is meant: a configuration of kubectl, or the pod that this program runs in.
    package static func isConfigured(_ environment: [String: String]) -> Bool {
        self.files(environment).contains { FileManager.default.fileExists(atPath: $0) } || self.isInCluster(environment)
    }

    private static func isInCluster(_ environment: [String: String]) -> Bool {
        environment["KUBERNETES_SERVICE_HOST"]?.isEmpty == false
            && FileManager.default.fileExists(atPath: "\(self.account)/token")
    }

    /// The files of `KUBECONFIG`, or the one in the home folder.
    private static func files(_ environment: [String: String]) -> [String] {
        if let list = environment["KUBECONFIG"], !list.isEmpty {
            return list.split(separator: ":").map(String.init)
        }
        return environment["HOME"].map { ["\($0)/.kube/config"] } ?? []
    }

    /// - Parameter context: The context of kubectl's configuration; nil: the current one.
    /// - Throws: A ``BackendError`` that names the file and what is wrong in it.
    package init(_ environment: [String: String], context: String? = nil) throws(BackendError) {
        let files = Self.files(environment).filter { FileManager.default.fileExists(atPath: $0) }
        guard !files.isEmpty else {
            guard Self.isInCluster(environment) else {
                throw .kubernetes(
                    "no cluster of Kubernetes is known: there is neither a file ~/.kube/config nor one that KUBECONFIG names"
                )
            }
            self = try Self.inCluster(environment)
            return
        }
        var config = Kubeconfig()
        for path in files { try config.add(try Self.text(of: path), at: path) }
        self = try config.access(to: context, environment)
    }

    private static func inCluster(_ environment: [String: String]) throws(BackendError) -> KubernetesAccess {
        let host = environment["KUBERNETES_SERVICE_HOST"] ?? ""
        let namespace = try? String(contentsOfFile: "\(self.account)/namespace", encoding: .utf8)
        return KubernetesAccess(
            server: HTTPOrigin(
                isSecure: true, host: host, port: environment["KUBERNETES_SERVICE_PORT"].flatMap { Int($0) } ?? 443),
            trust: .file("\(self.account)/ca.crt"), proxies: .none,
            credential: .tokenFile("\(self.account)/token"),
            namespace: namespace.map { $0.filter { !$0.isWhitespace } } ?? "default", name: "this pod's cluster")
    }

    static func text(of path: String) throws(BackendError) -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw .kubernetes("\(path) cannot be read: \(error.localizedDescription)")
        }
    }
}

extension Kubeconfig {
    /// The cluster and the user of a context.
    func access(to wanted: String?, _ environment: [String: String]) throws(BackendError) -> KubernetesAccess {
        let place = self.files.joined(separator: ", ")
        guard let name = wanted ?? self.current ?? (self.contexts.count == 1 ? self.contexts.keys.first : nil) else {
            throw .kubernetes("\(place) has no current context: choose one with `kubectl config use-context`")
        }
        guard let context = self.contexts[name]?.value else {
            let known = self.contexts.keys.sorted().joined(separator: ", ")
            throw .kubernetes("\(place) has no context '\(name)'; it has \(known.isEmpty ? "none" : known)")
        }
        guard let cluster = context.cluster.flatMap({ self.clusters[$0] }) else {
            throw .kubernetes("\(place): the context \(name) names no cluster that is there")
        }
        guard let address = cluster.value.server, let server = HTTPOrigin(address) else {
            throw .kubernetes("\(place): the cluster of \(name) has no server such as https://host:6443")
        }
        let user = context.user.flatMap { self.users[$0] } ?? Entry(value: User(), folder: "/")
        var access = KubernetesAccess(
            server: server, path: Self.path(of: address), trust: try Self.trust(cluster),
            proxies: try Self.proxies(cluster.value, environment), credential: .none,
            namespace: context.namespace ?? "default", name: "the context \(name)")
        access.trust.identity = try Self.identity(user)
        access.credential = try Self.credential(user, cluster, name, environment)
        return access
    }

    private static func path(of address: String) -> String {
        let rest = address.drop { $0 != ":" }.dropFirst(3).drop { $0 != "/" }
        return rest.hasSuffix("/") ? String(rest.dropLast()) : String(rest)
    }

    private static func trust(_ cluster: Entry<Cluster>) throws(BackendError) -> HTTPTrust {
        let authorities: HTTPTrust.Authorities
        if cluster.value.insecureSkipTLSVerify == true {
            authorities = .anybody
        } else if let data = cluster.value.certificateAuthorityData {
            authorities = .text(try self.decoded(data, "certificate-authority-data"))
        } else if let file = cluster.value.certificateAuthority {
            authorities = .file(self.path(file, in: cluster.folder))
        } else {
            authorities = .system
        }
        return HTTPTrust(authorities, serverName: cluster.value.tlsServerName)
    }

    private static func proxies(
        _ cluster: Cluster, _ environment: [String: String]
    ) throws(BackendError) -> HTTPProxies {
        if let text = cluster.proxyURL, !text.isEmpty {
            guard let proxy = HTTPProxy(text) else {
                throw .kubernetes("the proxy-url '\(text)' is no proxy such as http://host:3128")
            }
            return HTTPProxies(secure: proxy, plain: proxy, direct: [])
        }
        do throws(HTTPError) {
            return try HTTPProxies { environment[$0] }
        } catch {
            throw .kubernetes(error.message)
        }
    }

    private static func identity(_ user: Entry<User>) throws(BackendError) -> HTTPTrust.Identity? {
        let certificates = try self.pem(
            user.value.clientCertificateData, user.value.clientCertificate, in: user.folder, "client-certificate")
        let key = try self.pem(user.value.clientKeyData, user.value.clientKey, in: user.folder, "client-key")
        guard let certificates, let key else { return nil }
        return HTTPTrust.Identity(certificates: certificates, key: key)
    }

    private static func credential(
        _ user: Entry<User>, _ cluster: Entry<Cluster>, _ name: String, _ environment: [String: String]
    ) throws(BackendError) -> KubernetesAccess.Credential {
        let value = user.value
        if let file = value.tokenFile { return .tokenFile(self.path(file, in: user.folder)) }
        if let token = value.token, !token.isEmpty { return .token(token) }
        if let settings = value.exec {
            return .plugin(ExecPlugin(settings, folder: user.folder, cluster: cluster, environment: environment))
        }
        if let name = value.username, let password = value.password { return .basic(name: name, password: password) }
        if let provider = value.authProvider {
            throw .kubernetes(
                "the user of the context \(name) has the auth-provider \(provider.name ?? ""), which Kubernetes dropped with 1.26: renew the file with your provider's tool, which writes an exec plugin today"
            )
        }
        return .none
    }

    private static func pem(
        _ data: String?, _ file: String?, in folder: String, _ name: String
    ) throws(BackendError) -> Data? {
        if let data { return try self.decoded(data, "\(name)-data") }
        return try file.map { (file) throws(BackendError) in
            Data(try KubernetesAccess.text(of: self.path(file, in: folder)).utf8)
        }
    }

    private static func decoded(_ text: String, _ name: String) throws(BackendError) -> Data {
        guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else {
            throw .kubernetes("\(name) in kubectl's configuration is no base64")
        }
        return data
    }

    private static func path(_ path: String, in folder: String) -> String {
        path.hasPrefix("/") ? path : "\(folder)/\(path)"
    }
}
