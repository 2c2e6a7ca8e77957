import Foundation
import MusterBackends
import MusterKubernetes
import MusterModel
import MusterObjects
import MusterProcess
import MusterTestKit
import MusterTestSupport
import Testing

/// Flows on a real cluster of Kubernetes 1.20 with two kubelets, as bare pods. The engine has the rights that the
/// documentation names, and no more.
@Suite(.besideKubernetes, .timeLimit(.minutes(30))) struct KubernetesFlowTests {
    private static let flow = "PlacedFlow"

    @Test("The backend keeps every promise of a backend")
    func conformance() async throws {
        let tenant = try await KubernetesTenant()
        let shared = "/tmp/kubernetes-conformance-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: shared, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: shared) }
        let access = try KubernetesAccess(["KUBECONFIG": tenant.configuration])
        let template =
            "spec: {containers: [{name: node, volumeMounts: [{name: shared, mountPath: \(shared)}]}], volumes: [{name: shared, hostPath: {path: \(shared)}}]}"
        let backend = KubernetesBackend(
            client: KubernetesClient(access), store: shared,
            defaults: [
                "namespace": .string(tenant.namespace), "image": "muster-test/busybox", "default_memory": 50,
                "default_cpu": "50m",
                "image_pull_policy": "Never", "pod_template": .string(template),
            ])
        let problems = await BackendConformance(backend, shared: shared).problems()
        #expect(problems == [], "\(problems)")
        try await tenant.expectNothingLeft()
    }

    @Test(
        "Flows of every shape come to the same end as here",
        arguments: [
            ("LinearFlow", "linear: 3 0.5 false linear fast [4, 2]"), ("GangFlow", "gang: [0, 1, 2, 3]"),
            ("ForeachFlow", nil), ("RingFlow", "the ring is whole"),
        ] as [(String, String?)])
    func shapes(flow: String, prints: String?) async throws {
        let tenant = try await KubernetesTenant()
        let program = try tenant.team.sandbox.flow(flow)
        let run = try await tenant.muster(["run", program, "--with", "kubernetes"], on: "a")
        #expect(run.status == .exited(0), "\(run)")
        if let prints { #expect(run.all.contains(prints), "\(run)") }
        let logs = ["logs", "\(flow)/latest"]
        #expect(try await tenant.team.text(logs, on: "c") == tenant.team.text(logs, on: "a"))
        try await tenant.expectNothingLeft()
    }

    @Test(
        "The five frameworks work on four pods over two kubelets, from the flow files that run here",
        arguments: Example.python.filter { !$0.path.contains("/foreach/") })
    func frameworks(example: Example) async throws {
        let source = URL(filePath: example.path).deletingLastPathComponent().path
        let text = try String(contentsOfFile: example.path, encoding: .utf8)
        // The image's packages, as it were: an environment of this machine that the pods see.
        let environment = try await PythonPackages.environment(of: text, Sandbox())
        let tenant = try await KubernetesTenant(volumes: environment.map { [$0.prefix, $0.base] } ?? [])
        let folder = tenant.team.sandbox.folder
        for name in try FileManager.default.contentsOfDirectory(atPath: source) {
            try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(folder)/\(name)")
        }
        let plain = text.split(separator: "\n", omittingEmptySubsequences: false).filter { !$0.contains("@pypi") }
        try Data(plain.joined(separator: "\n").utf8).write(to: URL(filePath: "\(folder)/flow.py"))
        let python = environment.map { "executable=\($0.prefix)/bin/python," } ?? ""
        let place = "kubernetes:\(python)default_memory=2000"
        let run = try await HeavyStories.alone {
            try await tenant.muster(["run", "flow.py", "--with", place, "--nodes", "4"], on: "a")
        }
        #expect(run.status == .exited(0), "\(run)")
        let promised = example.prints.replacing("2 ranks", with: "4 ranks").replacing("2 workers", with: "4 workers")
            .replacing("2 nodes", with: "4 nodes")
        #expect(run.all.contains(promised), "\(run)")
        try await tenant.expectNothingLeft()
    }

    @Test("A node that fails ends the gang and is named, with its last lines")
    func failure() async throws {
        let tenant = try await KubernetesTenant()
        let run = try await tenant.muster(tenant.placed("fails"), on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("told to fail"), "\(run)")
        let status = try await tenant.team.text(["status", Self.flow], on: "b")
        #expect(status.contains("told to fail") && status.contains("node 1"), "\(status)")
        try await tenant.expectNothingLeft()
    }

    @Test("An engine is killed; one on a machine that has never seen the run goes on with the same gang")
    func resumed() async throws {
        let tenant = try await KubernetesTenant()
        let running = try tenant.start(tenant.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(tenant.marks)
        try await tenant.expect("node 1 of 3", inLogOf: 1)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let resume = try tenant.start(
            ["resume", PythonFlowTests.flow("placed"), "--with", "kubernetes"], on: "b")
        await resume.wait(for: "train/2 started")
        tenant.go()
        #expect(await resume.end() == .exited(0), "\(resume.output)")
        #expect(PlacedBodies.begun(tenant.marks) == ["0", "1", "2"], "no body ran twice")
        try await tenant.expectNothingLeft()
    }

    @Test("A run whose engine was killed is ended by cancel on another machine, with its gang")
    func cancelled() async throws {
        let tenant = try await KubernetesTenant()
        let running = try tenant.start(tenant.placed("waits"), on: "a")
        try await PlacedBodies.untilBegun(tenant.marks)
        running.process?.signal(SIGKILL)
        _ = await running.end()
        let cancel = try await tenant.muster(["cancel", Self.flow], on: "b")
        #expect(cancel.status == .exited(0), "\(cancel)")
        #expect(try await tenant.team.text(["list"], on: "c").contains("cancelled"))
        try await tenant.expectNothingLeft()
    }

    @Test("Ctrl-C ends the gang, whether it runs or waits", arguments: [true, false])
    func interrupted(waits: Bool) async throws {
        let tenant = try await KubernetesTenant()
        let running = try tenant.start(tenant.placed("waits", waits ? "cpu=300" : ""), on: "a")
        if waits {
            await running.wait(for: "Insufficient cpu")
        } else {
            try await PlacedBodies.untilBegun(tenant.marks)
        }
        running.process?.signal(SIGINT)
        #expect(await running.end() != .exited(0), "\(running.output)")
        try await tenant.expectNothingLeft()
    }

    @Test("A gang that finds no place says why, and fails when it has waited for as long as its step allows")
    func waitsTooLong() async throws {
        let tenant = try await KubernetesTenant()
        let run = try await tenant.muster(tenant.placed("ends", "cpu=300,queue_deadline=0.1"), on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("the job waited for") && run.all.contains("Insufficient cpu"), "\(run)")
        try await tenant.expectNothingLeft()
    }

    @Test("An image that is not there, and a Secret that is not, fail with the cluster's words")
    func hopeless() async throws {
        let tenant = try await KubernetesTenant()
        let image = try await tenant.muster(tenant.placed("ends", "image=muster-test/none"), on: "a")
        #expect(image.status == .exited(1), "\(image)")
        #expect(image.all.contains("ErrImageNeverPull"), "\(image)")
        let secret = try await tenant.muster(tenant.placed("ends", "secrets=nowhere"), on: "a")
        #expect(secret.status == .exited(1), "\(secret)")
        #expect(secret.all.contains("nowhere"), "\(secret)")
        try await tenant.expectNothingLeft()
    }

    @Test("A volume that cannot be mounted is told in the cluster's words")
    func volume() async throws {
        let tenant = try await KubernetesTenant()
        let template = "\(tenant.team.sandbox.folder)/broken.yaml"
        try
            "spec: {containers: [{name: node, volumeMounts: [{name: v, mountPath: /v}]}], volumes: [{name: v, hostPath: {path: /nowhere, type: Directory}}]}"
            .write(toFile: template, atomically: true, encoding: .utf8)
        let run = try await tenant.muster(
            tenant.placed("ends", "queue_deadline=0.6"), on: "a", with: ["MUSTER_KUBERNETES_POD_TEMPLATE": template])
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.contains("FailedMount") && run.all.contains("/nowhere"), "\(run)")
        try await tenant.expectNothingLeft()
    }

    @Test("A quota that is full is waited for; what it lets in by halves is removed meanwhile")
    func quota() async throws {
        let tenant = try await KubernetesTenant()
        try await tenant.kubectl("create quota narrow --hard=pods=2")
        let running = try tenant.start(tenant.placed("ends"), on: "a")
        await running.wait(for: "exceeded quota")
        try await tenant.kubectl("delete quota narrow")
        #expect(await running.end() == .exited(0), "\(running.output)")
        #expect(PlacedBodies.begun(tenant.marks) == ["0", "1", "2"])
        try await tenant.expectNothingLeft()
    }

    @Test("A step that needs more memory than its limit is told the limit")
    func memory() async throws {
        let tenant = try await KubernetesTenant()
        let script = """
            from metaflow import FlowSpec, kubernetes, step
            class Hungry(FlowSpec):
                @kubernetes(memory=200, qos="guaranteed")
                @step
                def start(self):
                    self.data = bytearray(400 << 20)
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Hungry()
            """
        try Data(script.utf8).write(to: URL(filePath: "\(tenant.team.sandbox.folder)/hungry.py"))
        let run = try await tenant.muster(["run", "hungry.py"], on: "a")
        #expect(run.status == .exited(1), "\(run)")
        #expect(run.all.lowercased().contains("memory"), "\(run)")
        try await tenant.expectNothingLeft()
    }

    @Test("With an image that holds the agent a node need not be root, nor write into its own file system")
    func agentImage() async throws {
        let tenant = try await KubernetesTenant(image: "muster-test/debian-user")
        let agent = "\(PythonFlowTests.root)/.build/release/muster-agent"
        try #require(FileManager.default.fileExists(atPath: agent), "build it with `make agent`")
        let made = try await tenant.muster(
            ["agent", "image", "--output", "agent.tar", "--name", "muster-test/agent:1"], on: "a",
            with: ["MUSTER_AGENT": agent])
        #expect(made.status == .exited(0), "\(made)")
        try await tenant.cluster.add(image: "\(tenant.team.sandbox.folder)/agent.tar")
        let script = """
            import os
            from metaflow import FlowSpec, kubernetes, parallel, step
            class Plain(FlowSpec):
                @step
                def start(self):
                    self.next(self.work, num_parallel=2)
                @kubernetes(security_context={"run_as_user": 10001, "read_only_root_filesystem": True})
                @parallel
                @step
                def work(self):
                    try:
                        open("/home/muster/x", "w")
                    except OSError as error:
                        print("user", os.getuid(), "cannot write:", error.strerror)
                    self.next(self.join)
                @step
                def join(self, inputs):
                    self.next(self.end)
                @step
                def end(self):
                    pass
            if __name__ == "__main__":
                Plain()
            """
        try Data(script.utf8).write(to: URL(filePath: "\(tenant.team.sandbox.folder)/plain.py"))
        let run = try await tenant.muster(
            ["run", "plain.py", "--with", "kubernetes"], on: "a",
            with: ["MUSTER_KUBERNETES_AGENT_IMAGE": "muster-test/agent:1"])
        #expect(run.status == .exited(0), "\(run)")
        for node in 0..<2 {
            #expect(run.all.contains("work/2[\(node)] user 10001 cannot write: Read-only file system"), "\(run)")
        }
        try await tenant.expectNothingLeft()
    }

    @Test("Requests hold no secret, and the documentation's rights are used, every one")
    func rights() async throws {
        let tenant = try await KubernetesTenant()
        let run = try await tenant.muster(tenant.placed("ends"), on: "a")
        #expect(run.status == .exited(0), "\(run)")
        let user = "system:serviceaccount:\(tenant.namespace):engine"
        var used: Set<String> = []
        for line in try String(contentsOfFile: tenant.cluster.audit, encoding: .utf8).split(separator: "\n") {
            guard let event = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any],
                (event["user"] as? [String: Any])?["username"] as? String == user,
                let verb = event["verb"] as? String, let object = event["objectRef"] as? [String: Any]
            else { continue }
            used.insert("\(verb) \(object["resource"] ?? "")")
        }
        #expect(
            used.isSuperset(of: [
                "create configmaps", "create secrets", "create pods", "list pods", "watch pods", "delete configmaps",
            ]), "\(used)")
        #expect(used.isDisjoint(with: ["get secrets", "list secrets"]), "\(used)")
        let dry = try await tenant.muster(tenant.placed("ends") + ["--dry-run"], on: "a")
        #expect(dry.status == .exited(0), "\(dry)")
        #expect(!dry.all.contains("X-Amz-Signature"), "\(dry)")
    }

    @Test("Doctor finds all that is needed, looks at a node, and names what is missing")
    func doctor() async throws {
        let tenant = try await KubernetesTenant()
        let all = try await tenant.muster(["doctor", "--on", "kubernetes", "--probe"], on: "a")
        #expect(all.status == .exited(0), "\(all)")
        for words in [
            "v1.20.2", "all that is needed in the namespace", "sees the store", "Python 3", "the job is gone",
        ] {
            #expect(all.output.contains(words), "\(words): \(all)")
        }
        try await tenant.kubectl("delete rolebinding engine")
        let none = try await tenant.muster(["doctor", "--on", "kubernetes"], on: "a")
        #expect(none.status == .exited(1), "\(none)")
        #expect(none.output.contains("you may not create configmaps"), "\(none)")
        try await tenant.expectNothingLeft()
    }

    @Test("Without a cluster, or with a store that pods do not see, the steps run here, and the run says so")
    func notSetUp() async throws {
        let tenant = try await KubernetesTenant()
        let none = try await tenant.muster(
            tenant.placed("ends"), on: "a", with: ["KUBECONFIG": "/nowhere", "HOME": tenant.team.sandbox.folder])
        #expect(none.status == .exited(0), "\(none)")
        #expect(none.all.contains("there is no configuration of kubectl"), "\(none)")
        let folder = try await tenant.muster(
            tenant.placed("ends") + ["--store", "\(tenant.team.sandbox.folder)/near"], on: "a")
        #expect(folder.status == .exited(0), "\(folder)")
        #expect(folder.all.contains("use a store in a bucket"), "\(folder)")
    }
}
