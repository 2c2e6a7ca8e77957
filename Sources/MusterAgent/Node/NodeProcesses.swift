import Dispatch
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore

/// The processes that the agent of a node has started and that have not ended. Used by the agent's loop only.
final class NodeProcesses {
    private struct Record {
        let process: SpawnedProcess
        let tail: OutputTail
        /// The file in which torch's `record` describes the error of the process.
        let errorFile: String?
    }

    /// The variable that marks the processes of a launch's round, daemons included.
    static let mark = "MUSTER_LAUNCH"

    private let folder: NodeFolder
    private let services: AgentServices
    private var records: [NodeProcess: Record] = [:]
    var log: NodeLog?

    init(folder: NodeFolder, services: AgentServices) {
        self.folder = folder
        self.services = services
    }

    /// Starts a process in the work folder, its output in the log. Its end comes as ``AgentEvent/processExited(_:_:)``.
    func start(
        _ process: NodeProcess, _ planned: PlannedProcess, mark: String? = nil, tail: OutputTail = OutputTail(),
        onOutput: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil
    ) throws(SpawnError) {
        let arguments = (planned.hostname.map { [AgentProgram.path, "host", $0] } ?? []) + planned.arguments
        let marks = mark.map { [Self.mark: $0] } ?? [:]
        let spec = ProcessSpec(
            executable: arguments[0], arguments: Array(arguments.dropFirst()),
            environment: planned.environment.merging(marks) { $1 }, workingDirectory: self.folder.work,
            newSession: true, parentDeathSignal: SIGKILL)
        let (number, log, events) = (process.logNumber, self.log, self.services.events)
        let clusterTalk = ClusterTalk(planned.clusterTalk ?? [])
        let spawned = try self.services.reactor.spawn(
            spec,
            onOutput: { stream, bytes in
                clusterTalk.split(stream, bytes) { bytes, isTalk in
                    if !isTalk { tail.append(stream, bytes) }
                    log?.append(process: isTalk ? LogProcess.talk(of: number) : number, stream, bytes)
                }
                onOutput?(bytes)
            }, onExit: { events.yield(.processExited(process, $0)) })
        self.records[process] = Record(process: spawned, tail: tail, errorFile: planned.errorFile)
    }

    /// Starts a service and watches for the signs of its readiness, which come as ``NodeEvent/serviceReady(_:)``.
    func start(
        _ service: PlannedService, _ id: Int, address: String, readyWithin seconds: Double, probedEvery interval: Double
    ) -> NodeEvent? {
        let events = self.services.events
        let watch = ServiceWatch(service.readiness.signs, address: address, seconds: seconds, interval: interval) {
            events.yield(.node(.serviceReady(id)))
        }
        do throws(SpawnError) {
            try self.start(.service(id), service.process, onOutput: watch.onOutput)
        } catch {
            return .notStarted(.service(id), reason: error.message)
        }
        watch.start(self.services)
        return nil
    }

    /// Removes a process that has ended. Returns its last lines, and the error that it described in its error file.
    func remove(_ process: NodeProcess, _ status: ExitStatus) -> ProcessReport {
        guard let record = self.records.removeValue(forKey: process) else { return ProcessReport() }
        return ProcessReport(
            lastLines: record.tail.lastLines,
            error: status.isSuccess ? nil : record.errorFile.flatMap(TorchError.message))
    }

    /// Sends SIGTERM to the process's group.
    func terminate(_ process: NodeProcess) { self.records[process]?.process.signalGroup(SIGTERM) }

    func owner(of pid: Int32) -> NodeProcess? { self.records.first { $0.value.process.pid == pid }?.key }

    private func pids(of round: RoundProcesses) -> [Int32] {
        round.processes.compactMap { self.records[$0]?.process.pid }
    }

    /// The processes of the round that only serve the user's programs: its launcher and daemons, down to the wrappers.
    private func attendants(of round: RoundProcesses?) -> Set<ProcessIdentity> {
        guard let round, let wrappers = round.wrappers else { return [] }
        return ProcessTree.tree(of: self.pids(of: round), without: Set(wrappers))
    }

    // MARK: Ending

    /// Ends the processes of a round, daemons that have left its groups included: ``NodeEvent/roundCleared(_:)``.
    func end(_ round: RoundProcesses, grace: Double) {
        let attendants = self.attendants(of: round)
        if attendants.isEmpty { for process in round.processes { self.terminate(process) } }
        let below = self.pids(of: round).map { ProcessSelection.descendants(of: $0) }
        let events = self.services.events
        self.services.reactor.terminate(
            [.marked(variable: Self.mark, value: round.mark)] + below, attendants: attendants, grace: grace
        ) { _ in events.yield(.node(.roundCleared(round.round))) }
    }

    /// Ends every process below the agent, then empties or removes the folder.
    /// - Returns: The outcome, where it is known at once; otherwise it comes as an event.
    func endAll(_ clearing: NodeClearing, node: Int, logs: [ClusterLogs], lockFiles: LockFiles) -> NodeEvent? {
        self.terminate(.step)
        let (events, files, folder) = (self.services.events, self.services.files, self.folder)
        let stamps = self.services.equipment.folders
        // Only the step's server runs, which serves the next attempt: ending everything would end it too. Saves 250 ms
        // of 420 of a flow of 50 short tasks, Benchmarks: foreach.
        if clearing.reuses, clearing.leavesNothing {
            return .cleared(isReusable: folder.finish(reuses: true, left: [], stamps, node: node))
        }
        self.services.reactor.terminate(
            [.descendants(of: getpid())], attendants: self.attendants(of: clearing.round), grace: clearing.grace
        ) { [log = self.services.log] left in
            log.leaves(left)
            for log in logs { log.follow(isLast: true) }
            files.async {
                lockFiles.remove()
                let isReusable = folder.finish(reuses: clearing.reuses, left: left, stamps, node: node)
                events.yield(.node(.cleared(isReusable: isReusable)))
            }
        }
        return nil
    }
}
