import Foundation
import MusterBackends
import MusterHTTP
import Testing

@testable import MusterKubernetes

@Suite struct KubeconfigTests {
    private static let text = """
        apiVersion: v1
        kind: Config
        current-context: work
        clusters:
        - name: c1
          cluster: {server: "https://10.0.0.1:6443", certificate-authority: pki/ca.crt, tls-server-name: api}
        - name: c2
          cluster: {server: "https://rancher/k8s/clusters/c-1/", certificate-authority-data: Q0E=}
        - name: c3
          cluster: {server: "https://c3", insecure-skip-tls-verify: true, proxy-url: "http://proxy:3128"}
        contexts:
        - name: work
          context: {cluster: c1, user: files, namespace: research}
        - name: ranch
          context: {cluster: c2, user: token}
        - name: open
          context: {cluster: c3, user: tokenFile}
        - name: old
          context: {cluster: c2, user: provider}
        - name: broken
          context: {cluster: nowhere, user: token}
        users:
        - name: files
          user: {client-certificate-data: Q0VSVA==, client-key-data: S0VZ}
        - name: token
          user: {token: abc}
        - name: tokenFile
          user: {tokenFile: token, token: unused}
        - name: provider
          user: {auth-provider: {name: gcp}}
        """

    private static func config(_ more: (String, at: String)...) throws -> Kubeconfig {
        var config = Kubeconfig()
        try config.add(self.text, at: "/home/u/.kube/config")
        for each in more { try config.add(each.0, at: each.at) }
        return config
    }

    @Test("The current context's cluster, certificates and namespace are taken, with paths that start at the file")
    func current() throws {
        let access = try Self.config().access(to: nil, [:])
        #expect(access.server == HTTPOrigin("https://10.0.0.1:6443"))
        #expect(access.namespace == "research")
        #expect(access.trust.authorities == .file("/home/u/.kube/pki/ca.crt"))
        #expect(access.trust.serverName == "api")
        #expect(access.trust.identity == HTTPTrust.Identity(certificates: Data("CERT".utf8), key: Data("KEY".utf8)))
        guard case .none = access.credential else {
            Issue.record("a certificate needs nothing beside it: \(access.credential)")
            return
        }
    }

    @Test("A server behind a path, a token, a proxy and no verification are read")
    func others() throws {
        let ranch = try Self.config().access(to: "ranch", [:])
        #expect(ranch.path == "/k8s/clusters/c-1")
        #expect(ranch.trust.authorities == .text(Data("CA".utf8)))
        #expect(ranch.namespace == "default")
        guard case .token("abc") = ranch.credential else {
            Issue.record("\(ranch.credential)")
            return
        }
        let open = try Self.config().access(to: "open", [:])
        #expect(open.trust.authorities == .anybody)
        #expect(
            open.proxies == HTTPProxies(secure: HTTPProxy("proxy:3128"), plain: HTTPProxy("proxy:3128"), direct: []))
        // A file is renewed by others, so it goes before a token that stands beside it.
        guard case .tokenFile("/home/u/.kube/token") = open.credential else {
            Issue.record("\(open.credential)")
            return
        }
    }

    @Test("Of several files the first that says something wins")
    func several() throws {
        let config = try Self.config(
            (
                "current-context: ranch\nusers:\n- name: token\n  user: {token: other}\n- name: new\n  user: {token: n}",
                at: "/b"
            ))
        #expect(config.current == "work")
        #expect(config.users["token"]?.value.token == "abc")
        #expect(config.users["new"]?.folder == "/")
    }

    @Test(
        "What is missing is named",
        arguments: [
            ("nothing", "no context 'nothing'; it has broken, old, open, ranch, work"),
            ("broken", "the context broken names no cluster"), ("old", "auth-provider gcp"),
        ])
    func missing(context: String, says: String) throws {
        let error = #expect(throws: BackendError.self) { try Self.config().access(to: context, [:]) }
        #expect(error?.message.contains(says) == true, "\(String(describing: error))")
    }

    @Test("Text that is no configuration is refused with its path", arguments: ["a: [", "- 1", "clusters: 3"])
    func nonsense(text: String) {
        var config = Kubeconfig()
        let error = #expect(throws: BackendError.self) { try config.add(text, at: "/x/config") }
        #expect(error?.message.contains("/x/config is no configuration of kubectl") == true)
    }

    @Test("An empty file says nothing, and no context is current then")
    func empty() throws {
        var config = Kubeconfig()
        try config.add("", at: "/x")
        let error = #expect(throws: BackendError.self) { try config.access(to: nil, [:]) }
        #expect(error?.message.contains("no current context") == true)
    }

    @Test(
        "A plugin is told which cluster is meant, its token is used until shortly before its end, and asked for again when refused"
    )
    func plugin() async throws {
        let folder = NSTemporaryDirectory() + "plugin-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let script = """
            #!/bin/sh
            echo "$KUBERNETES_EXEC_INFO" >>"$CALLS"
            count=$(wc -l <"$CALLS")
            echo '{"kind":"ExecCredential","status":{"token":"t'$count'","expirationTimestamp":"'$END'"}}'
            """
        try script.write(toFile: "\(folder)/login", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/login")
        let end = Date(timeIntervalSinceNow: 3600).formatted(.iso8601)
        let text = """
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://c"}}]
            users:
            - name: u
              user:
                exec:
                  apiVersion: client.authentication.k8s.io/v1
                  command: ./login
                  env: [{name: END, value: "\(end)"}, {name: CALLS, value: \(folder)/calls}]
                  provideClusterInfo: true
            """
        var config = Kubeconfig()
        try config.add(text, at: "\(folder)/config")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin"
        let keeper = CredentialKeeper(try config.access(to: nil, ["PATH": path]).credential) { 0 }
        let first = try await keeper.proof()
        #expect(first.authorization == "Bearer t1")
        #expect(try await keeper.proof() == first, "it is asked once")
        #expect(try await keeper.proof(besides: first).authorization == "Bearer t2")
        let calls = try String(contentsOfFile: "\(folder)/calls", encoding: .utf8).split(separator: "\n")
        #expect(calls.count == 2)
        #expect(calls[0].contains("\"interactive\":false") && calls[0].contains("\"server\":\"https://c\""))
    }

    @Test(
        "A plugin that is not there, fails or says nothing is told with its words",
        arguments: ["nowhere", "false", "true"])
    func failingPlugin(command: String) async throws {
        var config = Kubeconfig()
        try config.add(
            """
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u}}]
            clusters: [{name: c, cluster: {server: "https://c"}}]
            users: [{name: u, user: {exec: {command: "\(command)", installHint: "install it"}}}]
            """, at: "/config")
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/bin:/usr/bin"
        let keeper = CredentialKeeper(try config.access(to: nil, ["PATH": path]).credential) { 0 }
        let error = await #expect(throws: BackendError.self) { try await keeper.proof() }
        #expect(error?.message.contains(command) == true)
        if command == "nowhere" { #expect(error?.message.contains("install it") == true) }
    }
}
