import Muster
import MusterModel
import Testing

@Suite struct PlaceDecoratorTests {
    @Test("@Kubernetes names the place, the options that are given by Metaflow's names, and the amounts")
    func kubernetes() {
        var settings = StepSettings()
        Kubernetes(
            image: "team/train:7", namespace: "research", cpu: 8, memory: .gigabytes(24), disk: .gigabytes(10),
            secrets: ["s3"], nodeSelector: ["zone": "a"], tolerations: [["key": "gpu", "operator": "Exists"]],
            sharedMemory: .gigabytes(8), volumes: ["data": "/data"], extendedResources: ["vendor/nic": 2],
            isGuaranteed: true, queueDeadline: 30
        ).apply(to: &settings)
        #expect(
            settings.place
                == PlaceSettings(
                    name: "kubernetes",
                    options: [
                        "image": "team/train:7", "namespace": "research", "disk": 10240, "secrets": ["s3"],
                        "node_selector": ["zone": "a"], "tolerations": [["key": "gpu", "operator": "Exists"]],
                        "shared_memory": 8192, "persistent_volume_claims": ["data": "/data"],
                        "extended_resources": ["vendor/nic": "2"], "qos": "guaranteed", "queue_deadline": .double(30),
                    ]))
        #expect(settings.elsewhere == MusterModel.Resources(cpu: 8, gpu: 0, memory: 24 << 30))
        var plain = StepSettings()
        Kubernetes().apply(to: &plain)
        #expect(plain.place == PlaceSettings(name: "kubernetes") && plain.elsewhere == nil)
    }

    @Test("@Batch names the place, the options that are given by Metaflow's names, and the amounts")
    func batch() {
        var settings = StepSettings()
        Batch(queue: "gpus", gpu: 1, jobRole: "arn:job", hostVolumes: ["/data"], efa: 1, tags: ["team": "a"]).apply(
            to: &settings)
        #expect(
            settings.place
                == PlaceSettings(
                    name: "batch",
                    options: [
                        "queue": "gpus", "iam_role": "arn:job", "host_volumes": ["/data"], "efa": 1,
                        "aws_batch_tags": ["team": "a"],
                    ]))
        #expect(settings.elsewhere == MusterModel.Resources(cpu: 1, gpu: 1, memory: 0))
    }
}
