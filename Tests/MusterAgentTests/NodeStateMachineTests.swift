import Foundation
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire
import Testing

@testable import MusterAgent

/// The decisions of a node, without any process.
@Suite struct NodeStateMachineTests {
    typealias Phase = NodeStateMachine.Phase

    static let attempt = AttemptID(flow: "Flow", run: "1", step: "train", task: 3, attempt: 0)
    static let round = LaunchRound(launch: 1, restart: 0)
    static let connection = RequestConnection(number: 1)
    static let request = LaunchRequest(framework: "torchrun", options: [:], processes: 1)
    static let crash = TaskFailure(code: .exit, message: "the step program left with exit code 3", node: 0)
    static let result = NodeResult(transition: .step(to: "join"), artifacts: [:])
    static let failed = MusterProcess.ExitStatus.exited(3)
    static let worker = PlannedProcess(label: "rank 0", arguments: ["worker"], environment: [:])
    static let service = PlannedService(
        process: PlannedProcess(label: "the head", arguments: ["head"], environment: [:]), stage: 0,
        readiness: .output(text: "up"))
    static let program = AgentRequest.process(arguments: ["cc"], environment: [:])

    // MARK: A node in each phase

    static func spec(size: Int = 1, index: Int = 0, framework: Bool = false, reusable: Bool = false) -> NodeSpec {
        let frame = ParallelFrame(controlAddress: "", nodes: 0, index: 0, controlTaskID: "")
        let task = TaskFile(
            attempt: self.attempt, taskID: "", user: "me", parallel: frame, socket: "", temporaryFolder: "")
        return NodeSpec(
            attempt: self.attempt, index: index, size: size, address: "127.0.0.\(index + 1)", secret: "",
            rendezvousDeadline: 60, timeout: 10, grace: 2, program: ["flow"], task: task, store: "/store",
            package: "/package", inPlace: reusable ? InPlace(workFolder: "/work", flowFolder: "/work") : nil,
            scratch: "/scratch", environment: [:],
            framework: framework ? FrameworkSettings(name: "ray", options: [:]) : nil, cpus: 1, gpus: 0,
            reusable: reusable, serves: reusable)
    }

    static func roster(_ size: Int) -> Roster {
        Roster(nodes: (0..<size).map { RosterNode(index: $0, address: "127.0.0.\($0 + 1)", cpus: 1, gpus: 0) })
    }

    static func start(_ size: Int = 1) -> NodeEvent {
        .control(.roster(roster: PackedRoster(self.roster(size))), now: 1000)
    }

    static let started = NodeEvent.control(
        .launchStarted(round: round, port: 4000, processes: [1], request: request), now: 0)

    static func release(_ failure: TaskFailure? = nil) -> NodeEvent { .control(.release(failure: failure), now: 0) }

    /// The events that bring a fresh node into each phase.
    static let ways: [(String, [NodeEvent])] = [
        ("waiting", []),
        ("preparing", [start()]),
        ("settingUp", [start(), .prepared(environment: [:])]),
        ("running", [start(), .prepared(environment: [:])]),
        ("collecting", [start(), .prepared(environment: [:]), .exited(.step, .exited(0), ProcessReport())]),
        (
            "draining",
            [
                start(), .prepared(environment: [:]), .exited(.step, .exited(0), ProcessReport()),
                .collected(.succeeded(result: result)),
            ]
        ),
        (
            "over",
            [
                start(), .prepared(environment: [:]), .exited(.step, .exited(0), ProcessReport()),
                .collected(.succeeded(result: result)), .logWritten,
            ]
        ),
        ("stopping", [start(), .prepared(environment: [:]), .failed(crash)]),
        ("stopped", [start(), .prepared(environment: [:]), .failed(crash), .cleared(isReusable: false)]),
        ("releasing", [start(), .prepared(environment: [:]), release()]),
        ("leaving", [start(), .prepared(environment: [:]), release(), .cleared(isReusable: false)]),
        ("released", [start(), .prepared(environment: [:]), release(), .cleared(isReusable: false), .logWritten]),
    ]

    static func node(_ phase: String, size: Int = 1) throws -> NodeStateMachine {
        let way = try #require(self.ways.first { $0.0 == phase }).1
        var node = NodeStateMachine(
            spec: self.spec(size: size, framework: phase == "settingUp"),
            setup: ClusterSetup(stages: phase == "settingUp" ? 2 : 0))
        for event in way { _ = try node.handle(event == self.start() ? self.start(size) : event) }
        return node
    }

    // MARK: Every event in every phase

    enum Verdict: Character {
        case illegal = "x"
        case ignored = "."
        case handled = "!"
    }

    /// Each with its verdict in the order of ``ways``: waiting, preparing, settingUp, running, collecting, draining, over,
    /// stopping, stopped, releasing, leaving, released.
    static let table: [(NodeEvent, String)] = [
        (start(), "!xxxxxx....."),
        (.control(.setupStage(stage: 1), now: 0), "xx!xxxx....."),
        (.control(.setupComplete, now: 0), "xx!xxxx....."),
        (started, "x!!!!!!....."),
        (.control(.launchStopped(round: round), now: 0), "x!!........."),
        (.control(.launchAnswered(launch: 1, failure: nil), now: 0), "x!!........."),
        (.control(.remoteStarted(id: 1, round: round, command: "orted"), now: 0), "x!!!!!!!!!!!"),
        (.control(.remoteStopped(id: 1), now: 0), "x!!........."),
        (.control(.barrierPassed(barrier: 1, failure: nil), now: 0), "x!!........."),
        (.control(.broadcastOffered(offer: offer), now: 0), "x!!!!!......"),
        (release(), "!!!!!!!!!..."),
        (release(crash), "!!!!!!!!!..."),
        (.control(.welcome(version: 4), now: 0), "xxxxxxxxxxxx"),
        (.control(.refused(reason: "no"), now: 0), "xxxxxxxxxxxx"),
        (.control(.heartbeat, now: 0), "xxxxxxxxxxxx"),
        (.answered(.remoteEnded(id: 1, code: 0)), "............"),
        (.answered(.broadcastEnded(broadcast: 1, failure: nil)), "............"),
        (.tick, "!!!!!!!!!!!!"),
        (.failed(crash), ".!!!!!......"),
        (.prepared(environment: ["A": "1"]), "x!xxxxx....."),
        (.couldNotStart(.environment, reason: "no room"), "x!!!!!x....."),
        (.served(.ended(.exited(0), leavesNothing: true)), "xxx!xxx!!!!!"),
        (.served(.refused), "xxx!xxx....."),
        (.exited(.step, .exited(0), ProcessReport()), "xxx!xxx....."),
        (.collected(.succeeded(result: result)), "xxxx!xx....."),
        (.collected(.failed(failure: crash)), "xxxx!xx....."),
        (.logWritten, ".....!....!."),
        (.logFailed("no room"), "x!!!!!......"),
        (.versionTold("2.9"), "xx!xxxx....."),
        (.servicesPlanned(.success(SetupPlan())), "xx!xxxx....."),
        (.servicesPlanned(.failure(AgentError("no"))), "xx!xxxx....."),
        (.serviceReady(0), "xxxxxxxxxxxx"),
        (.exited(.service(0), failed, ProcessReport()), "xxxxxxxxxxxx"),
        (.notStarted(.service(0), reason: "no"), "xxxxxxxxxxxx"),
        (.exited(.program(0), failed, ProcessReport()), "xxxxxxxxxxxx"),
        (.exited(.worker(round, 0), failed, ProcessReport()), "x..........."),
        (.exited(.remote(round, 1), failed, ProcessReport()), "x..........."),
        (.notStarted(.worker(round, 0), reason: "no"), "x..........."),
        (.notStarted(.remote(round, 1), reason: "no"), "x..........."),
        (.foundStopped([]), "............"),
        (.launchChecked(launch: 1, .failure(AgentError("no"))), "x..........."),
        (.roundPlanned(round, .success(LaunchPlan())), "x..........."),
        (.filesWritten(round, nil), "x..........."),
        (.daemonJudged(id: 1, round, failed, lastLines: []), "x..........."),
        (.roundCleared(round), "x..........."),
        (.request(connection, .request(.barrier)), "!!!!!!!!!!!!"),
        (.request(connection, .unreadable("what")), "!!!!!!!!!!!!"),
        (.requestsEnded(connection), "............"),
        (.answer(connection, .done), "!!!!!!!!!!!!"),
        (.fileFound(connection, path: "a", .failure(AgentError("no"))), "x!!!!!!!!!!!"),
        (.broadcastOpened(offer), "x!!!!!!!!!!!"),
        (.broadcastReceived(offer, nil), "x!!!!!!!!!!!"),
        (.cleared(isReusable: false), "xxxxxxx!x!xx"),
    ]

    static let offer = BroadcastOffer(
        broadcast: 1, path: "a", size: 1, mode: 0o644,
        source: FileIdentity(system: "boot", path: "/a", device: 1, inode: 2), shared: "/shared")

    @Test(
        "Every event in every phase is handled, comes too late, or is refused without a change",
        arguments: ways.indices, table.indices)
    func everyEvent(phase: Int, event: Int) throws {
        let before = try Self.node(Self.ways[phase].0)
        let (event, verdicts) = Self.table[event]
        let verdict = try #require(Verdict(rawValue: Array(verdicts)[phase]))
        var node = before
        do {
            let actions = try node.handle(event)
            switch verdict {
            case .illegal: Issue.record("\(event) was taken while \(Self.ways[phase].0): \(actions)")
            case .ignored:
                #expect(actions.isEmpty && node == before, "\(event) while \(Self.ways[phase].0): \(actions)")
            case .handled: #expect(!actions.isEmpty || node != before, "\(event) while \(Self.ways[phase].0)")
            }
        } catch {
            #expect(verdict == .illegal, "\(error)")
            #expect(node == before)
            #expect(!error.description.isEmpty)
        }
    }

    @Test("The table has every kind of event")
    func tableIsComplete() {
        let names = Set(Self.table.map { String("\($0.0)".prefix { $0 != "(" }) })
        #expect(names.count == 28, "\(names.sorted())")
    }

    // MARK: The body

    @Test("A node starts its body when the roster has come and its folder is there, within the time that is left")
    func starts() throws {
        var spec = Self.spec(size: 2, index: 1)
        spec.timeoutPatience = 1
        var node = NodeStateMachine(spec: spec, setup: ClusterSetup())
        #expect(try node.handle(Self.start(2)) == [.prepare(Self.roster(2))])
        let actions = try node.handle(.prepared(environment: ["A": "1"]))
        guard case .startBody(let task, hasBody: true)? = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        #expect(task.deadline == 1010)
        #expect(task.taskID == "3-node-1" && task.parallel.nodes == 2)
        #expect(node.environment == ["A": "1"])
    }

    @Test("A node on which nothing can begin tells why as soon as the gang has formed, under its place in the roster")
    func cannotBegin() throws {
        let problem = TaskFailure(code: .refused, message: "no such framework", node: 2)
        var node = NodeStateMachine(
            spec: Self.spec(size: 3, index: 2), setup: ClusterSetup(stages: 1), problem: problem)
        let roster = Roster(nodes: [0, 2].map { RosterNode(index: $0, address: "a", cpus: 1, gpus: 0) })
        let actions = try node.handle(.control(.roster(roster: PackedRoster(roster)), now: 0))
        let told = TaskFailure(code: .refused, message: "no such framework", node: 1)
        #expect(actions.contains(.tell(.ended(outcome: .failed(failure: told)))), "\(actions)")
        #expect(!actions.contains { if case .prepare = $0 { true } else { false } })
        #expect(node.phase == .stopping)
    }

    @Test("A node that comes to a smaller gang has its place in the roster for its index")
    func renumbered() throws {
        var node = NodeStateMachine(spec: Self.spec(size: 3, index: 2), setup: ClusterSetup())
        let roster = Roster(nodes: [0, 2].map { RosterNode(index: $0, address: "a", cpus: 1, gpus: 0) })
        _ = try node.handle(.control(.roster(roster: PackedRoster(roster)), now: 0))
        #expect(node.spec.index == 1 && node.spec.size == 2)
    }

    @Test("Where bodies run on the control node only, another node has none", arguments: [0, 1])
    func bodies(index: Int) throws {
        var node = NodeStateMachine(
            spec: Self.spec(size: 2, index: index), setup: ClusterSetup(bodies: .controlNode))
        _ = try node.handle(Self.start(2))
        _ = try node.handle(.prepared(environment: [:]))
        #expect(node.phase == .running(index == 0 ? .running : .none))
    }

    @Test("A body that ends well is told once its output is in the log, and everything goes at the release")
    func endsWell() throws {
        var node = try Self.node("running")
        #expect(
            try node.handle(.exited(.step, .exited(0), ProcessReport())) == [
                .collect(.exited(0), leavesNothing: false, told: [])
            ])
        let outcome = NodeOutcome.succeeded(result: Self.result)
        #expect(try node.handle(.collected(outcome)) == [.awaitLog])
        #expect(try node.handle(.logWritten) == [.flushLog, .tell(.ended(outcome: outcome))])
        #expect(
            try node.handle(Self.release()) == [.clear(NodeClearing(grace: 2, reuses: false, leavesNothing: false))])
        #expect(try node.handle(.cleared(isReusable: false)) == [.awaitLog])
        #expect(try node.handle(.logWritten) == [.flushLog, .tell(.released)])
        #expect(node.phase == .released(isReusable: false))
    }

    @Test("A failure is told at once, and everything below the agent ends whatever the other nodes do")
    func fails() throws {
        var node = try Self.node("collecting")
        let outcome = NodeOutcome.failed(failure: Self.crash)
        #expect(
            try node.handle(.collected(outcome)) == [
                .flushLog, .tell(.ended(outcome: outcome)),
                .clear(NodeClearing(grace: 0.6, reuses: false, leavesNothing: false)),
            ])
        #expect(try node.handle(Self.release(Self.crash)).isEmpty)
        #expect(node.phase == .releasing)
        #expect(try node.handle(.cleared(isReusable: false)) == [.awaitLog])
    }

    @Test("A failure while the output of a body that ended well is written is the node's end")
    func failsWhileDraining() throws {
        var node = try Self.node("draining")
        let actions = try node.handle(.logFailed("no room"))
        guard case .tell(.ended(.failed(let failure, _, _)))? = actions.dropFirst().first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.code == .store)
        #expect(try node.handle(.logWritten).isEmpty)
        #expect(node.phase == .stopping)
    }

    @Test("A reusable node keeps its folder only after a body that ended well", arguments: [true, false])
    func reuses(isWell: Bool) throws {
        var node = NodeStateMachine(spec: Self.spec(reusable: true), setup: ClusterSetup())
        _ = try node.handle(Self.start())
        _ = try node.handle(.prepared(environment: [:]))
        #expect(
            try node.handle(.served(.ended(.exited(0), leavesNothing: true))) == [
                .collect(.exited(0), leavesNothing: true, told: [])
            ])
        _ = try node.handle(.collected(isWell ? .succeeded(result: Self.result) : .failed(failure: Self.crash)))
        if isWell {
            _ = try node.handle(.logWritten)
            #expect(
                try node.handle(Self.release()) == [
                    .clear(NodeClearing(grace: 2, reuses: true, leavesNothing: true))
                ])
        }
        _ = try node.handle(.cleared(isReusable: isWell))
        if !isWell { _ = try node.handle(Self.release(Self.crash)) }
        _ = try node.handle(.logWritten)
        #expect(node.phase == .released(isReusable: isWell))
    }

    @Test("A step that its server refuses is started as a process")
    func refusedByServer() throws {
        var node = try Self.node("running")
        #expect(try node.handle(.served(.refused)) == [.spawnStep])
        #expect(node.phase == .running(.running))
    }

    // MARK: Services

    @Test("Services start stage by stage, and the body when the control node says that all are up")
    func services() throws {
        var node = NodeStateMachine(spec: Self.spec(framework: true), setup: ClusterSetup(stages: 2, package: "ray"))
        _ = try node.handle(Self.start())
        #expect(try node.handle(.prepared(environment: ["A": "1"])) == [.prepareServices(package: "ray")])
        guard case .planServices(_, let context)? = try node.handle(.versionTold("2.9")).first else {
            Issue.record("no plan was asked for")
            return
        }
        #expect(context.version == "2.9" && context.clusterID == "Flow-1-train-3-0")
        let plan = SetupPlan(services: [Self.service], environment: ["B": "2"])
        #expect(
            try node.handle(.servicesPlanned(.success(plan))) == [.startService(0, Self.service, readyWithin: 120)])
        #expect(try node.handle(.serviceReady(0)) == [.tell(.setupReady(stage: 0))])
        #expect(try node.handle(.serviceReady(0)).isEmpty)
        #expect(try node.handle(.control(.setupStage(stage: 1), now: 0)) == [.tell(.setupReady(stage: 1))])
        #expect(try node.handle(.control(.setupComplete, now: 0)).count == 1)
        #expect(node.phase == .running(.running))
        #expect(node.environment == ["A": "1", "B": "2"])
        let actions = try node.handle(.exited(.service(0), .exited(0), ProcessReport(lastLines: ["bye"])))
        guard case .tell(.ended(.failed(let failure, _, _)))? = actions.dropFirst().first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.message.contains("the head") && failure.lastLines == ["bye"])
    }

    @Test("A service that cannot be started fails the node with its name")
    func serviceNotStarted() throws {
        var node = try Self.node("settingUp")
        _ = try node.handle(.servicesPlanned(.success(SetupPlan(services: [Self.service]))))
        let actions = try node.handle(.notStarted(.service(0), reason: "it does not exist"))
        guard case .tell(.ended(.failed(let failure, _, _)))? = actions.dropFirst().first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.message == "the step could not be started: the head: it does not exist")
    }

    @Test("A process that stays stopped without running fails the node at the second look, one that ran does not")
    func stopped() throws {
        var node = try Self.node("running", size: 2)
        let process = { (used: UInt64) in
            StoppedProcess(identity: ProcessIdentity(pid: 7, started: 1), used: used, name: "python")
        }
        #expect(try node.handle(.foundStopped([process(1)])).isEmpty)
        #expect(try node.handle(.foundStopped([process(2)])).isEmpty)
        #expect(try !node.handle(.foundStopped([process(2)])).isEmpty)
        #expect(node.phase == .stopping)
    }

    // MARK: Launches

    /// A node that runs round 1 of a launch with one process.
    static func launching(_ plan: LaunchPlan = LaunchPlan(processes: [worker])) throws -> NodeStateMachine {
        var node = try self.node("running")
        _ = try node.handle(.request(self.connection, .request(.framework(framework: "torchrun", options: [:]))))
        _ = try node.handle(
            .launchChecked(launch: 1, .success([CheckedLaunch(request: self.request, files: ["train.py"])])))
        _ = try node.handle(
            .control(.launchStarted(round: self.round, port: 4000, processes: [1], request: nil), now: 0))
        _ = try node.handle(.roundPlanned(self.round, .success(plan)))
        _ = try node.handle(.filesWritten(self.round, nil))
        return node
    }

    @Test("A launch is checked, asked for, planned, started and answered")
    func launches() throws {
        var node = try Self.node("running")
        let asked = try node.handle(
            .request(Self.connection, .request(.framework(framework: "torchrun", options: [:]))))
        guard case .check(launch: 1, .check(framework: "torchrun", _, _, let nodes))? = asked.first else {
            Issue.record("\(asked)")
            return
        }
        #expect(nodes.map(\.index) == [0])
        var request = Self.request
        request.files = ["train.py"]
        #expect(
            try node.handle(
                .launchChecked(launch: 1, .success([CheckedLaunch(request: Self.request, files: ["train.py"])])))
                == [.tell(.launchRequested(launch: 1, request: request))])
        let planned = try node.handle(
            .control(.launchStarted(round: Self.round, port: 4000, processes: [1], request: nil), now: 0))
        guard case .plan(request, let context)? = planned.first else {
            Issue.record("\(planned)")
            return
        }
        #expect(context.port == 4000 && context.runID == "Flow-1-train-3-0-1")
        let file = PlannedFile(path: "/scratch/launch-1-0/hosts", contents: "")
        #expect(
            try node.handle(.roundPlanned(Self.round, .success(LaunchPlan(processes: [Self.worker], files: [file]))))
                == [.expectLockFiles([]), .write([file], Self.round)])
        let mark = "Flow/1/train/3/0/0/1-0"
        #expect(
            try node.handle(.filesWritten(Self.round, nil)) == [.start(.worker(Self.round, 0), Self.worker, mark: mark)]
        )
        #expect(
            try node.handle(.exited(.worker(Self.round, 0), .exited(0), ProcessReport())) == [
                .tidyRound, .tell(.launchEnded(round: Self.round)),
            ])
        #expect(
            try node.handle(.control(.launchAnswered(launch: 1, failure: nil), now: 0)) == [
                .answer(Self.connection, .done)
            ])
    }

    @Test("A launch that cannot work is refused where it was asked for, and its number is free again")
    func refused() throws {
        var node = try Self.node("running")
        let ask = NodeEvent.request(Self.connection, .request(.framework(framework: "torchrun", options: [:])))
        _ = try node.handle(ask)
        let actions = try node.handle(.launchChecked(launch: 1, .failure(AgentError("no such file"))))
        guard case .answer(Self.connection, .failed(let failure))? = actions.first, actions.count == 1 else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.code == .contract && failure.message == "no such file")
        guard case .check(launch: 1, _)? = try node.handle(ask).first else {
            Issue.record("the number was not free")
            return
        }
        let second = try node.handle(
            .request(RequestConnection(number: 2), .request(.framework(framework: "mpi", options: [:]))))
        guard case .answer(_, .failed(let other))? = second.first else {
            Issue.record("\(second)")
            return
        }
        #expect(other.message.contains("one after the other"))
    }

    @Test("A message about launches that comes before the node is up waits until it is")
    func early() throws {
        var node = try Self.node("preparing")
        #expect(try node.handle(Self.started).isEmpty)
        #expect(try node.handle(.control(.launchStopped(round: Self.round), now: 0)).isEmpty)
        let actions = try node.handle(.prepared(environment: [:]))
        #expect(actions.count == 3, "\(actions)")
        guard case .startBody = actions[0], case .plan = actions[1], case .endRound(let round) = actions[2] else {
            Issue.record("\(actions)")
            return
        }
        #expect(round.round == Self.round && round.processes.isEmpty)
    }

    @Test("The first process of a round that fails ends the round here and is reported with its last lines")
    func workerFails() throws {
        var node = try Self.launching()
        let actions = try node.handle(
            .exited(.worker(Self.round, 0), Self.failed, ProcessReport(lastLines: ["nan"], error: "ValueError")))
        guard case .tell(.launchFailed(Self.round, let failure, .account))? = actions.first,
            case .endRound(let round)? = actions.last
        else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.exitCode == 3 && failure.lastLines == ["nan"] && failure.message.contains("ValueError"))
        #expect(round.processes.isEmpty && round.wrappers == nil)
        #expect(
            try node.handle(.roundCleared(Self.round)) == [.tidyRound, .tell(.launchEnded(round: Self.round))])
        #expect(try node.handle(.roundCleared(Self.round)).isEmpty)
    }

    @Test("A process that cannot be started, a plan that is refused and files that cannot be written fail the round")
    func roundFails() throws {
        var node = try Self.launching()
        let actions = try node.handle(.notStarted(.worker(Self.round, 0), reason: "no such file"))
        guard case .tell(.launchFailed(_, let failure, _))? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.message == "rank 0: no such file")
        for event: NodeEvent in [
            .roundPlanned(Self.round, .failure(AgentError("no"))), .filesWritten(Self.round, AgentError("no")),
        ] {
            var node = try Self.node("running")
            _ = try node.handle(Self.started)
            guard case .tell(.launchFailed)? = try node.handle(event).first else {
                Issue.record("\(event)")
                return
            }
        }
    }

    @Test("A wrapper that ends without a report makes its program a suspect, and its daemon's end no cause")
    func lostWrapper() throws {
        let remote = PlannedRemote(hosts: ["n0": 0], label: "the MPI daemon")
        var node = try Self.launching(LaunchPlan(processes: [Self.worker], remote: remote, hasRanks: true))
        let wrapper = RequestConnection(number: 2)
        _ = try node.handle(.request(wrapper, .request(.watching(label: "rank 0", wrapper: 77))))
        _ = try node.handle(.control(.remoteStarted(id: 5, round: Self.round, command: "orted"), now: 0))
        let lost = try node.handle(.requestsEnded(wrapper))
        guard case .tell(.launchFailed(Self.round, let failure, .silence))? = lost.first, lost.count == 1 else {
            Issue.record("\(lost)")
            return
        }
        #expect(failure.signal == 9)
        #expect(
            try node.handle(.exited(.remote(Self.round, 5), .exited(1), ProcessReport())).isEmpty,
            "node 0 has no request that waits for this command")
        guard case .endRound(let round)? = try node.handle(.control(.launchStopped(round: Self.round), now: 0)).first
        else {
            Issue.record("the round goes on")
            return
        }
        #expect(round.processes == [.worker(Self.round, 0)] && round.wrappers == [])
    }

    @Test("A daemon that leaves by itself is judged after the grace for its programs' own reports")
    func daemon() throws {
        let remote = PlannedRemote(hosts: ["n0": 0], label: "the MPI daemon")
        var node = try Self.launching(LaunchPlan(processes: [Self.worker], remote: remote, hasRanks: true))
        let wrapper = RequestConnection(number: 2)
        _ = try node.handle(.request(wrapper, .request(.watching(label: "rank 0", wrapper: 77))))
        _ = try node.handle(.control(.remoteStarted(id: 5, round: Self.round, command: "orted"), now: 0))
        let judged = NodeEvent.daemonJudged(id: 5, Self.round, .exited(1), lastLines: ["lost"])
        #expect(
            try node.handle(.exited(.remote(Self.round, 5), .exited(1), ProcessReport(lastLines: ["lost"]))) == [
                .after(seconds: NodeStateMachine.precedence, judged)
            ])
        let exit = WatchedExit(label: "rank 0", code: 3, signal: nil, lastLines: [])
        guard
            case .tell(.launchFailed(_, let failure, .end))? = try node.handle(
                .request(wrapper, .request(.watched(exit: exit)))
            ).first
        else {
            Issue.record("the program's own report is the cause")
            return
        }
        #expect(failure.process == "rank 0")
        #expect(try node.handle(judged).isEmpty)
    }

    @Test("A launcher's command for this node runs here; for an unknown host, or without a launch, it is refused")
    func reach() throws {
        let remote = PlannedRemote(hosts: ["n0": 0, "n1": 1], label: "the MPI daemon")
        var node = try Self.launching(LaunchPlan(processes: [Self.worker], remote: remote, hasRanks: true))
        let ssh = RequestConnection(number: 3)
        let here = try node.handle(.request(ssh, .request(.reach(host: "n0", command: "orted"))))
        guard case .start(.remote(Self.round, 1), let planned, _)? = here.first else {
            Issue.record("\(here)")
            return
        }
        #expect(planned.arguments == ["/bin/sh", "-c", "orted"])
        #expect(
            try node.handle(.exited(.remote(Self.round, 1), .exited(0), ProcessReport())) == [
                .answer(ssh, .exited(code: 0))
            ])
        #expect(
            try node.handle(.request(ssh, .request(.reach(host: "n1", command: "orted")))) == [
                .ask(.remoteRequested(id: 2, node: 1, round: Self.round, command: "orted"))
            ])
        #expect(try node.handle(.answered(.remoteEnded(id: 2, code: 7))) == [.answer(ssh, .exited(code: 7))])
        guard
            case .answer(_, .failed)? = try node.handle(.request(ssh, .request(.reach(host: "n9", command: "orted"))))
                .first
        else {
            Issue.record("a host that does not exist")
            return
        }
        var idle = try Self.node("running")
        guard
            case .answer(_, .failed)? = try idle.handle(.request(ssh, .request(.reach(host: "n0", command: "x")))).first
        else {
            Issue.record("no launch runs")
            return
        }
    }

    @Test("A launcher whose connection for a command breaks fails the round")
    func brokenReach() throws {
        let remote = PlannedRemote(hosts: ["n1": 1], label: "the MPI daemon")
        var node = try Self.launching(LaunchPlan(processes: [Self.worker], remote: remote, hasRanks: true))
        let ssh = RequestConnection(number: 3)
        _ = try node.handle(.request(ssh, .request(.reach(host: "n1", command: "orted"))))
        let actions = try node.handle(.requestsEnded(ssh))
        guard case .ask(.remoteAbandoned(id: 1))? = actions.first,
            case .tell(.launchFailed(_, let failure, _))? = actions.dropFirst().first
        else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.code == .lost)
    }

    // MARK: Requests

    @Test("The requests of a connection are answered one after the other, those of two at once")
    func order() throws {
        var node = try Self.node("running")
        let other = RequestConnection(number: 2)
        let barrier = NodeEvent.request(Self.connection, .request(.barrier))
        #expect(try node.handle(barrier) == [.tell(.barrierReached(barrier: 1))])
        #expect(try node.handle(.request(Self.connection, .request(Self.program))).isEmpty)
        #expect(try node.handle(.request(other, .request(Self.program))).count == 1)
        let actions = try node.handle(.control(.barrierPassed(barrier: 1, failure: nil), now: 0))
        #expect(actions.count == 2, "\(actions)")
        guard case .answer(Self.connection, .done) = actions[0], case .start(.program(1), _, _) = actions[1] else {
            Issue.record("\(actions)")
            return
        }
    }

    @Test("A program's failure is answered with an id, and handed to the result's reader; a lost connection ends it")
    func programs() throws {
        var node = try Self.node("running")
        _ = try node.handle(.request(Self.connection, .request(Self.program)))
        let actions = try node.handle(.exited(.program(0), Self.failed, ProcessReport(lastLines: ["error"])))
        guard case .answer(Self.connection, .failed(let failure))? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(failure.id != nil && failure.process == "cc" && failure.lastLines == ["error"])
        _ = try node.handle(.request(Self.connection, .request(Self.program)))
        #expect(try node.handle(.requestsEnded(Self.connection)) == [.terminate(.program(1))])
        #expect(
            try node.handle(.exited(.step, Self.failed, ProcessReport())) == [
                .collect(
                    Self.failed, leavesNothing: false, told: [ToldFailure(failure: failure, isOfLaunch: false)])
            ])
    }

    @Test("A program that cannot be started is answered so, and its end is no event any more")
    func programNotStarted() throws {
        var node = try Self.node("running")
        _ = try node.handle(.request(Self.connection, .request(Self.program)))
        guard case .answer(_, .failed)? = try node.handle(.notStarted(.program(0), reason: "no")).first else {
            Issue.record("not answered")
            return
        }
        #expect(throws: IllegalNodeEvent.self) {
            try node.handle(.exited(.program(0), Self.failed, ProcessReport()))
        }
    }

    @Test("While the node ends, requests are answered so, but output is still taken")
    func lastWords() throws {
        var node = try Self.node("stopping")
        guard
            case .answer(_, .failed(let failure))? = try node.handle(.request(Self.connection, .request(.barrier)))
                .first
        else {
            Issue.record("not answered")
            return
        }
        #expect(failure.message == "the attempt is over")
        guard
            case .log? = try node.handle(
                .request(
                    RequestConnection(number: 2), .request(.written(process: 0, stream: .standardError, bytes: Data())))
            ).first
        else {
            Issue.record("not taken")
            return
        }
    }

    @Test("A broadcast is for the control node, of a file in the work folder that is not empty")
    func broadcasts() throws {
        var node = try Self.node("running", size: 2)
        let ask = { (path: String) in NodeEvent.request(Self.connection, .request(.broadcast(path: path))) }
        #expect(try node.handle(ask("bin/heat")) == [.find(Self.connection, path: "bin/heat")])
        let identity = Self.offer.source
        let found = { (size: Int) in
            NodeEvent.fileFound(
                Self.connection, path: "bin/heat",
                .success(BroadcastSource(identity: identity, size: size, mode: 0o755)))
        }
        let actions = try node.handle(found(5))
        guard case .ask(.broadcastRequested(let offer))? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(offer.broadcast == 1 && offer.size == 5 && offer.path == "bin/heat")
        #expect(
            try node.handle(.answered(.broadcastEnded(broadcast: 1, failure: nil))) == [.answer(Self.connection, .done)]
        )
        _ = try node.handle(ask("bin/heat"))
        guard case .answer(_, .failed)? = try node.handle(found(0)).first,
            case .answer(_, .failed)? = try node.handle(ask("../secret")).first
        else {
            Issue.record("taken")
            return
        }
    }
}
