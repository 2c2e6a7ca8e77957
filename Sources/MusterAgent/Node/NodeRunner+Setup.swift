import Dispatch
import FoundationEssentials
import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// The cluster that is up before a step's body starts.
extension NodeRunner {
    /// Prepares what this node keeps up.
    func planCluster() {
        guard mkdir(self.folder.cluster, 0o700) == 0 else {
            return self.cannotStart(AgentError.system("make the folder \(self.folder.cluster)"))
        }
        guard let package = self.setup.package else { return self.planServices(version: nil) }
        let events = self.services.events
        PackageVersion(
            python: PythonProgram.interpreter(self.spec.task.python, self.environment), package: package,
            environment: self.environment, folder: self.folder.work
        ).ask(on: self.services.reactor) { events.yield(.versionTold($0)) }
    }

    /// Asks for the services in the words of the release that is installed here.
    func planServices(version: String?) {
        guard self.phase == .running, !self.isClearing, let framework = self.spec.framework, let roster = self.roster
        else { return }
        let context = SetupContext(
            roster: roster, node: self.spec.index, clusterID: self.clusterID, secret: self.spec.clusterSecret,
            python: self.spec.task.python, version: version, environment: self.environment,
            folder: self.folder.cluster)
        let events = self.services.events
        self.planner.ask(.services(framework: framework.name, settings: framework.options, context: context)) {
            events.yield(.clusterPlanned($0))
        }
    }

    /// A name for what belongs to this attempt, which no other attempt has.
    var clusterID: String { self.spec.attempt.folder.map { $0 == "/" ? "-" : String($0) }.joined() }

    func clusterPlanned(_ answer: Result<PlanAnswer, AgentError>) {
        guard self.phase == .running, !self.isClearing else { return }
        do throws(AgentError) {
            guard case .services(let plan) = try answer.get() else {
                throw FrameworkPlanner.wrongAnswer(self.spec.framework?.name ?? "")
            }
            self.cluster.plan = plan
            self.environment.merge(plan.environment) { $1 }
            if let log = self.log {
                self.cluster.logs = plan.logs.enumerated().map { index, logs in
                    ClusterLogs(
                        logs, log: log, first: LogProcess.firstFile(of: index, isQuiet: logs.isQuiet),
                        on: self.services.files)
                }
            }
            if self.setup.stages == 0 { self.startBody() } else { self.beginStage(0) }
        } catch {
            self.cannotStart(error)
        }
    }

    /// Starts the services of one stage.
    func beginStage(_ stage: Int) {
        guard self.phase == .running, !self.isClearing else { return }
        let services = self.cluster.plan.services.enumerated().filter { $0.element.stage == stage }
        self.cluster.stage = stage
        self.cluster.waiting = Set(services.map(\.offset))
        do throws(AgentError) {
            for (id, service) in services { try self.startService(id, service) }
        } catch {
            return self.cannotStart(error)
        }
        self.reportReadiness()
    }

    private func startService(_ id: Int, _ service: PlannedService) throws(AgentError) {
        let events = self.services.events
        let tail = OutputTail()
        self.cluster.tails[id] = tail
        let signs = service.readiness.signs
        let onReady: @Sendable () -> Void = { events.yield(.serviceReady(id: id)) }
        let watches = signs.compactMap { sign -> TextWatch? in
            guard case .output(let text) = sign else { return nil }
            return TextWatch(for: text, onFound: onReady)
        }
        let onOutput: @Sendable (UnsafeRawBufferPointer) -> Void = { for watch in watches { watch.append($0) } }
        self.cluster.running[id] = try self.spawn(
            service.process, process: LogProcess.firstService + id, tail, onOutput: watches.isEmpty ? nil : onOutput
        ) { events.yield(.serviceExited(id: id, $0)) }
        for sign in signs { self.watch(id, for: sign, onReady) }
    }

    /// Looks out for a sign that is not in the service's output.
    private func watch(_ id: Int, for sign: PlannedService.Readiness, _ onReady: @escaping @Sendable () -> Void) {
        let seconds = self.setup.deadline
        switch sign {
        case .started: self.cluster.waiting.remove(id)
        case .output, .first: break
        case .port(let number):
            PortProbe(address: self.spec.address, port: number, seconds: seconds).wait(
                on: self.services.sockets, self.services.reactor, onOpen: onReady)
        case .file(let path, let text):
            FileProbe(path: path, text: text, seconds: seconds).wait(
                on: self.services.files, self.services.reactor, onFound: onReady)
        }
    }

    func serviceReady(_ id: Int) {
        guard self.phase == .running, self.cluster.waiting.remove(id) != nil else { return }
        self.reportReadiness()
    }

    private func reportReadiness() {
        if self.cluster.waiting.isEmpty { self.toControl(.setupReady(stage: self.cluster.stage)) }
    }

    /// A service lives as long as its gang; one that ends before is a failure, whatever code it leaves with.
    func serviceExited(_ id: Int, _ status: ExitStatus) {
        self.cluster.running[id] = nil
        guard !self.isClearing else { return }
        let label = self.cluster.plan.services[id].process.label
        let detail = "it has to be up as long as the step runs"
        let failure = self.blame(label).failure(
            status, detail: detail, lastLines: self.cluster.tails[id]?.lastLines ?? [])
        self.end(.failed(failure: failure))
    }

    /// Once a second while the node runs.
    func tick() {
        self.cluster.followLogs()
        self.lookAtHeldFiles()
        self.findStopped()
    }
}
