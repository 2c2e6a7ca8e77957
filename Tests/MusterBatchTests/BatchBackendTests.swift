import Foundation
import MusterAWS
import MusterBackends
import MusterModel
import MusterTestSupport
import Synchronization
import Testing

@testable import MusterBatch

/// The backend before a server whose answers the test decides. Real containers are in the tests of whole flows.
@Suite struct BatchBackendTests {
    /// AWS's answers by operation, and what was asked.
    private final class Service: Sendable {
        private struct State {
            var asked: [(operation: String, body: [String: JSONValue])] = []
            var jobs: [String: String] = [:]
            var revisions: [String: Int] = [:]
        }

        private let state = Mutex(State())
        /// Takes the place of the usual answer.
        let special: @Sendable (String, Int) -> ScriptedServer.Reply?

        init(_ special: @escaping @Sendable (String, Int) -> ScriptedServer.Reply? = { _, _ in nil }) {
            self.special = special
        }

        var operations: [String] { self.state.withLock { $0.asked.map(\.operation) } }

        func bodies(of operation: String) -> [[String: JSONValue]] {
            self.state.withLock { state in state.asked.filter { $0.operation == operation }.map(\.body) }
        }

        func answer(_ request: ScriptedServer.Request) -> ScriptedServer.Reply {
            let target = request.header("X-Amz-Target") ?? request.target
            let operation = String(target.split(whereSeparator: { $0 == "/" || $0 == "." }).last ?? "")
            // A body that is no object fails the expectation about what was asked.
            let body = (try? JSONDecoder().decode([String: JSONValue].self, from: request.body)) ?? [:]
            let number = self.state.withLock { state in
                state.asked.append((operation, body))
                return state.asked.count { $0.operation == operation }
            }
            let usual = self.usual(operation, body)
            return self.special(operation, number) ?? usual
        }

        private func usual(_ operation: String, _ body: [String: JSONValue]) -> ScriptedServer.Reply {
            self.state.withLock { state in
                switch operation {
                case "submitjob":
                    let id = "job-\(state.jobs.count)"
                    if case .string(let name)? = body["jobName"] { state.jobs[name] = id }
                    return Self.json(#"{"jobId":"\#(id)","jobName":"x"}"#)
                case "listjobs":
                    let jobs = state.jobs.map { #"{"jobId":"\#($1)","jobName":"\#($0)","status":"RUNNING"}"# }
                    return Self.json(#"{"jobSummaryList":[\#(jobs.joined(separator: ","))]}"#)
                case "describejobdefinitions":
                    guard case .string(let name)? = body["jobDefinitionName"], let revision = state.revisions[name]
                    else {
                        return Self.json(#"{"jobDefinitions":[]}"#)
                    }
                    return Self.json(#"{"jobDefinitions":[{"revision":1},{"revision":\#(revision)}]}"#)
                case "registerjobdefinition":
                    if case .string(let name)? = body["jobDefinitionName"] { state.revisions[name] = 1 }
                    return Self.json(#"{"jobDefinitionName":"x","revision":1}"#)
                default: return Self.json("{}")
                }
            }
        }

        static func json(_ text: String) -> ScriptedServer.Reply { .answer(200, [], Data(text.utf8)) }

        static func fault(_ status: Int, _ code: String, _ message: String) -> ScriptedServer.Reply {
            .answer(status, [("x-amzn-ErrorType", code)], Data(#"{"message":"\#(message)"}"#.utf8))
        }
    }

    private static func with(
        _ service: Service, oblivion: Double = 90, _ body: (BatchBackend) async throws -> Void
    ) async throws {
        try await ScriptedServer.with {
            service.answer($0)
        } _: { server in
            let profiles = AWSProfiles(environment: [
                "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL_BATCH": server.endpoint, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": server.endpoint,
                "AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            ])
            try await body(self.backend(profiles, oblivion))
        }
    }

    private static func backend(_ profiles: AWSProfiles, _ oblivion: Double) throws -> BatchBackend {
        BatchBackend(
            client: try BatchClient(profiles), store: "s3://b/p",
            defaults: ["queue": .string("gpus"), "image": .string("registry/train:1")], searchDelays: [0, 0.05],
            oblivion: oblivion)
    }

    private static func launch(_ task: Int, nodes: Int = 2, run: String = "7") -> GangLaunch {
        let attempt = AttemptID(flow: "TrainFlow", run: run, step: "train", task: task, attempt: 0)
        return GangLaunch(
            attempt: attempt, name: JobName.of(attempt, store: "s3://b/p"), nodes: nodes,
            command: ["/bin/sh", "-c", "true", "muster-agent", "word"], place: PlaceSettings(name: "batch"))
    }

    @Test("A definition is looked for, registered once for all gangs of its shape, and named with its revision")
    func definitions() async throws {
        let service = Service()
        try await Self.with(service) { backend in
            for task in 1...3 { _ = try await backend.submit(backend.request(for: Self.launch(task, nodes: 1 + task))) }
        }
        #expect(service.operations.count { $0 == "registerjobdefinition" } == 1)
        #expect(service.operations.count { $0 == "describejobdefinitions" } == 1)
        #expect(service.operations.count { $0 == "submitjob" } == 3)
        let names = service.bodies(of: "submitjob").compactMap { $0["jobDefinition"] }
        #expect(Set(names).count == 1 && "\(names)".contains(":1"), "\(names)")
    }

    @Test("A definition of an earlier engine is used, in its newest revision")
    func knownDefinition() async throws {
        let service = Service { operation, _ in
            operation == "describejobdefinitions"
                ? Service.json(#"{"jobDefinitions":[{"revision":3},{"revision":12}]}"#) : nil
        }
        try await Self.with(service) { backend in
            _ = try await backend.submit(backend.request(for: Self.launch(1)))
        }
        #expect(!service.operations.contains("registerjobdefinition"))
        let name = service.bodies(of: "submitjob").first?["jobDefinition"] ?? .null
        #expect("\(name)".contains(":12"))
    }

    @Test("A job of the name is not made again: neither by this engine nor by the next one")
    func isIdempotent() async throws {
        let service = Service()
        try await Self.with(service) { backend in
            let request = try backend.request(for: Self.launch(1))
            let first = try await backend.submit(request)
            #expect(try await backend.submit(request) == first)
        }
        #expect(service.operations.count { $0 == "submitjob" } == 1)
        try await Self.with(service) { backend in
            let job = try await backend.submit(backend.request(for: Self.launch(1)))
            #expect(job.id == "job-0")
        }
        #expect(service.operations.count { $0 == "submitjob" } == 1)
    }

    @Test("A submission that failed and was accepted for all that is found", arguments: [true, false])
    func acceptedAfterAll(isReset: Bool) async throws {
        let service = Service { operation, number in
            guard operation == "submitjob", number == 1 else { return nil }
            return isReset ? .reset : Service.fault(500, "InternalServerException", "oops")
        }
        try await Self.with(service) { backend in
            let job = try await backend.submit(backend.request(for: Self.launch(1)))
            #expect(job.id == "job-0")
        }
        #expect(service.operations.count { $0 == "submitjob" } == 1)
    }

    @Test("A refusal is told in AWS's words, and is no reason to ask again")
    func refusal() async throws {
        let service = Service { operation, _ in
            operation == "submitjob" ? Service.fault(400, "ClientException", "JobQueue gpus not found.") : nil
        }
        try await Self.with(service) { backend in
            let error = await #expect(throws: BackendError.self) {
                try await backend.submit(backend.request(for: Self.launch(1)))
            }
            #expect(error?.code == .refused && error?.isTransient == false)
            #expect(error?.message.contains("JobQueue gpus not found.") == true)
        }
        #expect(service.operations.count { $0 == "submitjob" } == 1)
    }

    @Test("A hundred jobs are one question, and one that AWS does not know may be known a moment later")
    func looks() async throws {
        let service = Service { operation, _ in
            operation == "describejobs"
                ? Service.json(#"{"jobs":[{"jobId":"j1","jobName":"n","status":"RUNNING"}]}"#) : nil
        }
        try await Self.with(service) { backend in
            let jobs = (0..<250).map { BackendJob(id: "j\($0)", name: "n\($0)") }
            let states = try await backend.look(at: jobs + [BackendJob(id: "", name: "x")])
            #expect(states[jobs[1]] == .running(hosts: []))
            #expect(states[jobs[2]] == .unknown(reason: "AWS Batch does not know the job"))
        }
        #expect(service.operations == ["describejobs", "describejobs", "describejobs"])
    }

    @Test("A job that AWS has not known for long is forgotten; one that it knows again is not")
    func forgotten() async throws {
        let service = Service { operation, number in
            guard operation == "describejobs" else { return nil }
            let known = #"{"jobs":[{"jobId":"j","jobName":"n","status":"RUNNING"}]}"#
            return Service.json(number == 3 ? known : #"{"jobs":[]}"#)
        }
        try await Self.with(service, oblivion: 0.2) { backend in
            let job = BackendJob(id: "j", name: "n")
            #expect(try await backend.look(at: [job])[job] == .unknown(reason: "AWS Batch does not know the job"))
            try await Task.sleep(for: .seconds(0.3))
            let end = JobEnd(kind: .forgotten, reason: "AWS Batch does not know the job")
            #expect(try await backend.look(at: [job])[job] == .ended(end))
            #expect(try await backend.look(at: [job])[job] == .running(hosts: []))
            #expect(try await backend.look(at: [job])[job] == .unknown(reason: "AWS Batch does not know the job"))
        }
    }

    @Test("A burst of submissions registers one definition and looks through the queue once")
    func burst() async throws {
        let service = Service()
        try await Self.with(service) { backend in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 1...20 {
                    group.addTask { _ = try await backend.submit(backend.request(for: Self.launch(task))) }
                }
                try await group.waitForAll()
            }
        }
        #expect(service.operations.count { $0 == "registerjobdefinition" } == 1)
        #expect(service.operations.count { $0 == "listjobs" } == 1)
        #expect(service.operations.count { $0 == "submitjob" } == 20)
    }

    @Test("After a submission of which nothing is known the queue is looked through before the next one")
    func looksAgain() async throws {
        let service = Service { operation, number in
            switch (operation, number) {
            case ("submitjob", 1): Service.fault(500, "InternalServerException", "oops")
            // The job that was accepted is hidden from the searches that follow at once.
            case ("listjobs", 2...3): Service.json(#"{"jobSummaryList":[]}"#)
            default: nil
            }
        }
        try await Self.with(service) { backend in
            let request = try backend.request(for: Self.launch(1))
            await #expect(throws: BackendError.self) { try await backend.submit(request) }
            #expect(try await backend.submit(request).id == "job-0")
        }
        #expect(service.operations.count { $0 == "submitjob" } == 1)
    }

    @Test("A failed job is explained once: by its main node's container and the last lines of that")
    func explains() async throws {
        let service = Service { operation, number in
            switch (operation, number) {
            case ("describejobs", 1):
                Service.json(
                    #"{"jobs":[{"jobId":"j","jobName":"n","status":"FAILED","statusReason":"Essential container in task exited","nodeProperties":{"numNodes":4}}]}"#
                )
            case ("describejobs", 2):
                Service.json(
                    ##"{"jobs":[{"jobId":"j#0","jobName":"n","status":"FAILED","container":{"exitCode":2,"logStreamName":"d/default/t"}}]}"##
                )
            case ("GetLogEvents", _): Service.json(#"{"events":[{"message":"muster: the agent cannot be fetched"}]}"#)
            default: nil
            }
        }
        try await Self.with(service) { backend in
            let job = BackendJob(id: "j", name: "n")
            for _ in 0..<2 {
                guard case .ended(let end)? = try await backend.look(at: [job])[job] else {
                    Issue.record("the job has not ended")
                    return
                }
                #expect(end.kind == .failed && end.exitCode == 2)
                #expect(end.reason.contains("muster: the agent cannot be fetched"))
            }
        }
        #expect(service.operations == ["describejobs", "describejobs", "GetLogEvents"])
    }

    @Test("What an engine left is found by its names, and ended by name when its number is not known")
    func leftovers() async throws {
        let service = Service()
        try await Self.with(service) { backend in
            let job = try await backend.submit(backend.request(for: Self.launch(1)))
            #expect(try await backend.find(flow: "TrainFlow", run: "7") == [job])
            #expect(try await backend.find(flow: "TrainFlow", run: "8") == [])
            try await backend.cancel(BackendJob(id: "", name: job.name))
        }
        #expect(service.bodies(of: "terminatejob").first?["jobId"] == .string("job-0"))
    }
}
