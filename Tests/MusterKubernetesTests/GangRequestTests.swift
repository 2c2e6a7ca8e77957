import Foundation
import MusterBackends
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterKubernetes

@Suite struct GangRequestTests {
    private static func launch(
        _ nodes: Int, resources: Resources? = Resources(cpu: 8, gpu: 1, memory: 24_000 << 20),
        options: [String: JSONValue] = [:]
    ) -> GangLaunch {
        let attempt = AttemptID(flow: "TrainFlow", run: "7", step: "train", task: 12, attempt: 0)
        return GangLaunch(
            attempt: attempt, name: JobName.of(attempt, store: "s3://bucket/p"), nodes: nodes, resources: resources,
            command: ["/muster/muster-agent", "node", "--order", "s3://bucket/p/12.0.order"], timeLimit: 4200,
            place: PlaceSettings(name: "kubernetes", options: options))
    }

    private static func request(_ launch: GangLaunch) throws -> GangRequest {
        let basics: [String: JSONValue] = ["image": "registry/train:1", "namespace": "research"]
        let options = try KubernetesOptions(basics.merging(launch.place.options) { $1 }, for: launch)
        return try GangRequest(launch, options, namespace: "default")
    }

    @Test("The requests of gangs are as the golden files say", arguments: [1, 2, 64])
    func golden(nodes: Int) throws {
        #expect(
            try differenceFromGolden("kubernetes/gang-\(nodes).json", Self.request(Self.launch(nodes)).text()) == nil)
    }

    private static let everything: [String: JSONValue] = [
        "agent_image": "registry/agent:1", "image_pull_policy": "IfNotPresent", "image_pull_secrets": ["pull"],
        "service_account": "trainer", "secrets": ["aws", "wandb"], "node_selector": "zone=a,gpu=h100",
        "tolerations": [["key": "gpu", "operator": "Exists", "toleration_seconds": 5]],
        "labels": ["team": "vision & sound"], "annotations": ["cost": "42"], "disk": 10240, "use_tmpfs": true,
        "persistent_volume_claims": "{\"data\": \"/data\"}", "shared_memory": 8192, "port": 8000, "qos": "Guaranteed",
        "extended_resources": ["vpc.amazonaws.com/efa": 4], "security_context": ["run_as_user": 1000],
        "queue": "team-a",
        "scheduler_name": "volcano", "priority_class": "high", "gpu_vendor": "amd",
    ]

    @Test("All options of the decorator stand in the pod")
    func all() throws {
        let launch = Self.launch(4, options: Self.everything)
        #expect(try differenceFromGolden("kubernetes/everything.json", Self.request(launch).text()) == nil)
    }

    @Test("A pod as it is sent knows its node, its gang and its owner, and the Secret its key, which no request shows")
    func sent() throws {
        let request = try GangRequest(text: Self.request(Self.launch(2)).text())
        let pod = try #require(
            String(data: request.pod(1, of: "mu-x-train-12-0", owner: "u-1").data(), encoding: .utf8))
        #expect(pod.contains(#""name":"mu-x-train-12-0-1""#))
        #expect(pod.contains(#"{"name":"JOB_COMPLETION_INDEX","value":"1"}"#))
        #expect(pod.contains(#"{"name":"MUSTER_JOB","value":"u-1"}"#))
        #expect(pod.contains(#""uid":"u-1""#) && pod.contains(#""muster.dev/node":"1""#))
        let key = [UInt8](0..<32)
        let secret = try String(
            decoding: request.secret(holding: key, of: "mu-x-train-12-0", owner: "u-1").data(), as: UTF8.self)
        #expect(secret.contains(Data(key).base64EncodedString()) && secret.contains(#""uid":"u-1""#))
        #expect(try !request.text().contains(Data(key).base64EncodedString()))
    }

    @Test("A name with an index is a host's name, however long the step's is")
    func names() throws {
        let attempt = AttemptID(
            flow: "F", run: "1", step: "a_very_long_name_of_a_step_with_ümlauts_in_it", task: 123_456, attempt: 12)
        let name = JobName.of(attempt, store: "s") + "-1023"
        #expect(name.count <= 63 && name.wholeMatch(of: /[a-z0-9]([-a-z0-9]*[a-z0-9])?/) != nil, "\(name)")
    }

    @Test(
        "Wrong options are named",
        arguments: [
            (["colour": "red"], "has no option colour"), (["image": ""], "there is no image"),
            (["image_pull_policy": "sometimes"], "Always, IfNotPresent, Never"),
            (["shared_memory": "much"], "shared_memory"), (["tolerations": "a=b"], "tolerations"),
            (["tolerations": ["x"]], "tolerations"), (["qos": "best"], "guaranteed, burstable"),
            (["persistent_volume_claims": ["a": "data"]], "has to begin with /"),
            (["security_context": [1]], "security_context"), (["pod_template": "- 1"], "pod_template"),
            (["queue_deadline": -1], "queue_deadline"), (["port": 70000], "port"),
        ] as [([String: JSONValue], String)])
    func wrong(options: [String: JSONValue], says: String) {
        let error = #expect(throws: BackendError.self) { try Self.request(Self.launch(1, options: options)) }
        #expect(error?.message.contains(says) == true, "\(String(describing: error))")
    }

    @Test("A template adds fields, containers and variables, and changes none of Muster's")
    func template() throws {
        let template: JSONValue = """
            spec:
              runtimeClassName: nvidia
              hostNetwork: true
              containers:
              - name: anything
                workingDir: /work
                env: [{name: HF_HOME, value: /cache}]
                volumeMounts: [{name: cache, mountPath: /cache}]
              - name: beside
                image: proxy
              volumes: [{name: cache, hostPath: {path: /srv/cache}}]
              tolerations: [{key: spot, operator: Exists}]
            """
        let launch = Self.launch(2, options: ["pod_template": template])
        #expect(try differenceFromGolden("kubernetes/template.json", Self.request(launch).text()) == nil)
    }

    @Test(
        "A template that sets what is Muster's is refused",
        arguments: [
            ("metadata: {name: x}", "metadata.name"), ("spec: {restartPolicy: Always}", "spec.restartPolicy"),
            ("spec: {containers: [{name: a, command: [sh]}]}", "spec.containers[0].command"),
            ("spec: {containers: [{name: a, image: b}]}", "spec.containers[0].image"),
        ])
    func managed(template: String, field: String) {
        let error = #expect(throws: BackendError.self) {
            try Self.request(Self.launch(1, options: ["pod_template": .string(template)]))
        }
        #expect(error?.message.contains("sets \(field)") == true, "\(String(describing: error))")
    }

    @Test(
        "Any text can be a label's value, and different ones stay different",
        arguments: [
            "TrainFlow", "_train", "vision & sound", String(repeating: "x", count: 80), "ü", "a/b", "a:b", "-", "",
        ])
    func labels(text: String) {
        let value = GangLabels.value(text)
        #expect(value.count <= 63)
        #expect(value.isEmpty || value.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?/) != nil, "\(value)")
        if text == "a/b" { #expect(value != GangLabels.value("a:b")) }
    }
}
