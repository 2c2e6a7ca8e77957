import Foundation
import MusterBackends
import Testing

@testable import MusterBatch

@Suite struct BatchStateTests {
    private static func job(_ fields: String) throws -> JobDescription {
        try JSONDecoder().decode(
            JobDescription.self, from: Data(#"{"jobId":"j","jobName":"mu-a-b-1-0",\#(fields)}"#.utf8))
    }

    @Test(
        "Statuses are states, and one of a later version is not a sign that the job is gone",
        arguments: [
            ("SUBMITTED", "queued"), ("PENDING", "queued"), ("RUNNABLE", "queued"), ("STARTING", "queued"),
            ("RUNNING", "running"), ("SUCCEEDED", "ended"), ("FAILED", "ended"), ("HIBERNATING", "unknown"),
        ])
    func statuses(status: String, expected: String) throws {
        let state = BatchState.state(try Self.job(#""status":"\#(status)""#))
        #expect("\(state)".hasPrefix(expected), "\(state)")
    }

    @Test(
        "A job that can never start is hopeless and says what to do; one that waits for capacity is not",
        arguments: [
            ("MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE - CE has 16 vCPUs", true, "maxvCpus"),
            ("MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - no instance fits", true, "larger"),
            ("MISCONFIGURATION:SERVICE_ROLE_PERMISSIONS - denied", true, "policy"),
            ("MISCONFIGURATION:SOMETHING_NEW", true, ""),
            ("CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - p4d", false, "waits"),
            ("UNDETERMINED - who knows", false, ""),
        ])
    func reasons(reason: String, isHopeless: Bool, word: String) throws {
        let job = try Self.job(#""status":"RUNNABLE","statusReason":"\#(reason)""#)
        guard case .queued(let wait) = BatchState.state(job) else { throw Failure() }
        #expect(wait.reason == reason)
        #expect(wait.isHopeless == isHopeless)
        if !word.isEmpty { #expect(wait.advice?.contains(word) == true, "\(wait)") }
    }

    @Test("A job's place in its queue is told")
    func place() throws {
        guard case .queued(let wait) = BatchState.state(try Self.job(#""status":"RUNNABLE""#), place: 17) else {
            throw Failure()
        }
        #expect(wait.reason == "RUNNABLE")
        #expect(wait.advice == "it is number 17 of its queue")
    }

    @Test(
        "The end of a job is what AWS's words mean",
        arguments: [
            (#""statusReason":"Host EC2 (instance i-0123) terminated.""#, JobEnd.Kind.nodeFailed),
            (#""attempts":[{"statusReason":"Host EC2 (instance i-9) terminated."}]"#, .nodeFailed),
            (#""statusReason":"Job attempt duration exceeded timeout""#, .timeLimit),
            (
                #""container":{"reason":"OutOfMemoryError: Container killed due to memory usage","exitCode":137}"#,
                .outOfMemory
            ),
            (#""isTerminated":true,"statusReason":"ended by Muster""#, .cancelled),
            (#""isCancelled":true,"statusReason":"by hand""#, .cancelled),
            (
                #""container":{"reason":"CannotPullContainerError: pull image manifest has been retried 1 time(s): manifest unknown"}"#,
                .failed
            ),
            (#""container":{"reason":"CannotPullContainerError: toomanyrequests: You have reached"}"#, .notStarted),
            (#""container":{"reason":"CannotPullContainerError: dial tcp: i/o timeout"}"#, .notStarted),
            (#""container":{"reason":"DockerTimeoutError: Could not transition to created"}"#, .notStarted),
            (#""container":{"reason":"CannotInspectContainerError: gone"}"#, .notStarted),
            (#""statusReason":"Essential container in task exited","container":{"exitCode":3}"#, .failed),
        ] as [(String, JobEnd.Kind)])
    func ends(fields: String, kind: JobEnd.Kind) throws {
        guard case .ended(let end) = BatchState.state(try Self.job(#""status":"FAILED",\#(fields)"#)) else {
            throw Failure()
        }
        #expect(end.kind == kind, "\(end)")
    }

    @Test("The container's words come first, and tasks of several containers tell of them in another place")
    func words() throws {
        let job = try Self.job(
            #""status":"FAILED","statusReason":"Essential container in task exited","attempts":[{"taskProperties":[{"containers":[{"exitCode":7,"reason":"broken","logStreamName":"d/default/t"}]}]}]"#
        )
        #expect(job.lastContainer == .init(exitCode: 7, reason: "broken", logStreamName: "d/default/t"))
        guard case .ended(let end) = BatchState.state(job) else { throw Failure() }
        #expect(end.reason == "broken; Essential container in task exited")
        #expect(end.exitCode == 7)
    }

    private struct Failure: Error {}
}
