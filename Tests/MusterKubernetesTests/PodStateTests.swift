import Foundation
import MusterBackends
import Testing

@testable import MusterKubernetes

@Suite struct PodStateTests {
    private static func pod(_ status: String, host: String? = "n1", limits: String = "{}") throws -> Pod {
        let host = host.map { "\"\($0)\"" } ?? "null"
        return try JSONDecoder().decode(
            Pod.self,
            from: Data(
                """
                {"metadata": {"name": "p"}, "status": \(status),
                 "spec": {"nodeName": \(host), "containers": [{"name": "node", "resources": {"limits": \(limits)}}]}}
                """.utf8))
    }

    private static func waiting(_ reason: String, _ message: String = "") -> String {
        """
        {"phase": "Pending", "containerStatuses":
         [{"name": "node", "state": {"waiting": {"reason": "\(reason)", "message": "\(message)"}}}]}
        """
    }

    private static func unschedulable(_ message: String) -> String {
        """
        {"phase": "Pending", "conditions":
         [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "\(message)"}]}
        """
    }

    @Test(
        "Why a pod waits stands in the cluster's own words, with what to do and whether it is hopeless",
        arguments: [
            (
                unschedulable("0/3 nodes are available: 3 Insufficient nvidia.com/gpu."),
                "Unschedulable: 0/3 nodes are available: 3 Insufficient nvidia.com/gpu.", "enough nvidia.com/gpu free",
                false
            ),
            (
                unschedulable("0/2 nodes are available: 2 Insufficient cpu, 1 Insufficient memory."), "cpu",
                "enough cpu free", false
            ),
            (
                unschedulable("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity."), "affinity",
                "node_selector", false
            ),
            (unschedulable("0/2 nodes had taint {gpu: }"), "taint", "tolerations", false),
            (waiting("ImagePullBackOff", "x: not found"), "not found", "image's name", true),
            (waiting("ErrImagePull", "pull access denied"), "denied", "image_pull_secrets", true),
            (waiting("ErrImagePull", "429 toomanyrequests: not found in cache"), "429", "patience", false),
            (waiting("ErrImagePull", "i/o timeout"), "timeout", "patience", false),
            (waiting("ErrImageNeverPull"), "ErrImageNeverPull", "Never", true),
            (waiting("InvalidImageName", "couldn't parse"), "InvalidImageName", "name", true),
            (waiting("CreateContainerConfigError", "secret \\\"s\\\" not found"), "secret", "Secret", true),
            (waiting("CreateContainerError", "no such file"), "no such file", "cannot be started", true),
        ])
    func waits(status: String, says: String, advises: String, isHopeless: Bool) throws {
        let wait = try #require(PodState.wait(Self.pod(status)))
        #expect(wait.reason.contains(says), "\(wait)")
        #expect(wait.advice?.contains(advises) == true, "\(wait)")
        #expect(wait.isHopeless == isHopeless, "\(wait)")
    }

    @Test("A pod without a machine waits, one whose container is made waits, one that runs does not")
    func phases() throws {
        #expect(try PodState.wait(Self.pod("{}", host: nil))?.reason == "Pending")
        #expect(try PodState.wait(Self.pod(Self.waiting("ContainerCreating")))?.reason == "ContainerCreating")
        #expect(try PodState.wait(Self.pod(Self.waiting("PodInitializing")))?.reason == "ContainerCreating")
        let running = #"{"phase": "Running", "containerStatuses": [{"name": "node", "state": {"running": {}}}]}"#
        #expect(try PodState.wait(Self.pod(running)) == nil)
        #expect(try PodState.end(Self.pod(running)) == nil)
    }

    private static func terminated(_ fields: String, _ more: String = "") -> String {
        #"{"phase": "Failed"\#(more), "containerStatuses": [{"name": "node", "state": {"terminated": {\#(fields)}}}]}"#
    }

    @Test(
        "How a pod ended is told apart",
        arguments: [
            (terminated(#""exitCode": 0, "reason": "Completed""#), JobEnd.Kind.completed, "Completed"),
            (
                terminated(#""exitCode": 1, "reason": "Error", "message": "a\nmuster: no agent""#), .failed,
                "muster: no agent"
            ),
            (terminated(#""exitCode": 137, "reason": "OOMKilled""#), .outOfMemory, "OOMKilled at its limit of 256Mi"),
            (terminated(#""exitCode": 128, "reason": "ContainerCannotRun", "message": "no sh""#), .notStarted, "no sh"),
            (
                terminated(
                    #""exitCode": 143, "reason": "Error""#, #", "reason": "Evicted", "message": "low on memory""#),
                .preempted, "Evicted: low on memory"
            ),
            (
                terminated(#""exitCode": 143, "reason": "Error""#, #", "reason": "DeadlineExceeded""#), .timeLimit,
                "DeadlineExceeded"
            ),
            (
                terminated(
                    #""exitCode": 137, "reason": "Error""#,
                    #", "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler"}]"#
                ),
                .preempted, "PreemptionByScheduler"
            ),
            (#"{"phase": "Failed", "reason": "NodeLost"}"#, .nodeFailed, "NodeLost"),
            (#"{"phase": "Failed", "reason": "OutOfcpu", "message": "needs 4"}"#, .nodeFailed, "OutOfcpu: needs 4"),
            (#"{"phase": "Succeeded"}"#, .completed, "Succeeded"),
            (
                #"{"phase": "Failed", "initContainerStatuses": [{"name": "agent", "state": {"terminated": {"exitCode": 1, "message": "read-only"}}}]}"#,
                .notStarted, "read-only"
            ),
        ])
    func ends(status: String, kind: JobEnd.Kind, says: String) throws {
        let end = try #require(PodState.end(Self.pod(status, limits: #"{"memory": "256Mi"}"#)))
        #expect(end.kind == kind, "\(end)")
        #expect(end.reason.contains(says), "\(end)")
    }

    private static let running =
        #"{"phase": "Running", "containerStatuses": [{"name": "node", "state": {"running": {}}}]}"#

    @Test("A gang waits while one of its pods does, for the worst reason, and runs when all do")
    func gang() throws {
        let running = try Self.pod(Self.running)
        let waiting = try Self.pod(Self.unschedulable("0/2 nodes are available: 2 Insufficient cpu."))
        let hopeless = try Self.pod(Self.waiting("ErrImageNeverPull"))
        guard case .queued(let wait) = GangState.state([0: running, 1: waiting, 2: waiting], nodes: 3) else {
            Issue.record("it waits")
            return
        }
        #expect(wait.advice?.contains("2 of 3 nodes wait") == true, "\(wait)")
        guard case .queued(let worst) = GangState.state([0: waiting, 1: hopeless], nodes: 2) else {
            Issue.record("it waits")
            return
        }
        #expect(worst.isHopeless && worst.advice?.contains("node 1") == true, "\(worst)")
        #expect(GangState.state([0: running, 1: running], nodes: 2) == .running(hosts: ["n1", "n1"]))
    }

    @Test("A gang has ended when all of its pods have, as the one whose end explains most; one that is left lives")
    func gangEnds() throws {
        let running = try Self.pod(Self.running)
        let failed = try Self.pod(Self.terminated(#""exitCode": 1, "reason": "Error""#))
        let killed = try Self.pod(Self.terminated(#""exitCode": 137, "reason": "OOMKilled""#))
        #expect(GangState.state([0: failed, 1: running], nodes: 2) == .running(hosts: ["n1", "n1"]))
        guard case .ended(let end) = GangState.state([0: failed, 1: killed], nodes: 2) else {
            Issue.record("it has ended")
            return
        }
        #expect(end.kind == .outOfMemory && end.reason.hasPrefix("node 1: "), "\(end)")
    }
}

@Suite struct PodCacheTests {
    private static func event(_ type: String, _ name: String, version: Int, node: Int = 0) -> Data {
        Data(
            """
            {"type": "\(type)", "object": {"metadata": {"name": "\(name)", "resourceVersion": "\(version)",
             "labels": {"muster.dev/job": "j", "muster.dev/node": "\(node)"}}}}
            """.replacingOccurrences(of: "\n", with: "").utf8)
    }

    @Test("Changes are taken as they come, and bookmarks move on in the history")
    func changes() throws {
        var cache = PodCache()
        cache.replace([], version: "5")
        try cache.take(Self.event("ADDED", "a", version: 6))
        try cache.take(Self.event("ADDED", "b", version: 7, node: 1))
        try cache.take(Self.event("MODIFIED", "a", version: 8))
        #expect(cache.nodes(of: "j").keys.sorted() == [0, 1])
        try cache.take(Self.event("DELETED", "b", version: 9, node: 1))
        try cache.take(
            Data(#"{"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": "20"}}}"#.utf8))
        try cache.take(Data(#"{"type": "NEWS", "object": {}}"#.utf8))
        #expect(cache.nodes(of: "j").keys.sorted() == [0])
        #expect(cache.nodes(of: "other").isEmpty)
        #expect(cache.version == "20")
    }

    @Test("A history that is too old is the server's refusal; half a line is none at all, and changes nothing")
    func broken() throws {
        var cache = PodCache()
        try cache.take(Self.event("ADDED", "a", version: 6))
        let before = cache
        let gone = Data(#"{"type": "ERROR", "object": {"kind": "Status", "code": 410, "message": "too old"}}"#.utf8)
        #expect(throws: PodCache.Refusal(code: 410, message: "too old")) { try cache.take(gone) }
        let half = Self.event("DELETED", "a", version: 7).dropLast(20)
        #expect(throws: DecodingError.self) { try cache.take(Data(half)) }
        #expect(cache == before)
    }
}
