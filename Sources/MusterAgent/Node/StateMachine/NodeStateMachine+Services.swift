import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// The services of the cluster, which are up before the body starts.
extension NodeStateMachine {
    /// A name for what belongs to this attempt: letters, digits, `-` and `_`.
    var clusterID: String { self.spec.attempt.folder.map { $0 == "/" ? "-" : String($0) }.joined() }

    mutating func versionTold(_ version: String?) {
        guard self.phase == .settingUp, let framework = self.spec.framework, let roster = self.roster else { return }
        self.emit(
            .planServices(
                framework,
                SetupContext(
                    roster: roster, node: self.spec.index, clusterID: self.clusterID, secret: self.spec.clusterSecret,
                    python: self.spec.task.python, version: version, environment: self.environment,
                    folder: self.folder.cluster)))
    }

    mutating func servicesPlanned(_ answer: Result<SetupPlan, AgentError>) {
        guard self.phase == .settingUp else { return }
        switch answer {
        case .failure(let error): self.couldNotStart(.environment, error.message)
        case .success(let plan):
            self.services.plan = plan
            self.environment.merge(plan.environment) { $1 }
            if !plan.logs.isEmpty { self.emit(.follow(plan.logs)) }
            if self.setup.stages == 0 { self.startBody() } else { self.beginStage(0) }
        }
    }

    mutating func beginStage(_ stage: Int) {
        guard self.phase == .settingUp else { return }
        let services = self.services.plan.services.enumerated().filter { $0.element.stage == stage }
        self.services.stage = stage
        self.services.waiting = Set(services.map(\.offset))
        for (id, service) in services {
            self.services.started.insert(id)
            if service.readiness.signs.contains(.started) { self.services.waiting.remove(id) }
            self.emit(.startService(id, service, readyWithin: self.setup.deadline))
        }
        self.reportReadiness()
    }

    mutating func serviceReady(_ id: Int) {
        guard self.phase == .settingUp, self.services.waiting.remove(id) != nil else { return }
        self.reportReadiness()
    }

    private mutating func reportReadiness() {
        if self.services.waiting.isEmpty { self.emit(.tell(.setupReady(stage: self.services.stage))) }
    }

    mutating func serviceNotStarted(_ id: Int, _ reason: String) {
        self.couldNotStart(.environment, "\(self.services.plan.services[id].process.label): \(reason)")
    }

    /// A service that ends before its gang is a failure, whatever code it leaves with.
    mutating func serviceExited(_ id: Int, _ status: ExitStatus, _ lastLines: [String]) {
        let label = self.services.plan.services[id].process.label
        self.end(
            .failed(
                failure: self.blame(label).failure(
                    status, detail: "it has to be up as long as the step runs", lastLines: lastLines)))
    }

    // MARK: Once a second

    mutating func tick() {
        if !self.services.plan.logs.isEmpty { self.emit(.followLogs) }
        self.emit(.lookForLockFiles)
        // No framework notices a stopped process: its peers would wait for ever. Without peers nobody waits.
        guard self.isActive, self.spec.size > 1 || self.launchCount > 0 || !self.services.started.isEmpty else {
            return
        }
        self.emit(.lookForStopped)
    }

    /// Fails the attempt when a process was stopped at two looks in a row, a second apart, and did not run in between.
    mutating func foundStopped(_ processes: [StoppedProcess]) {
        let before = self.stopped
        self.stopped = Dictionary(processes.map { ($0.identity, $0.used) }) { $1 }
        guard let process = processes.first(where: { before[$0.identity] == $0.used }) else { return }
        let name = process.name.map { " (\($0))" } ?? ""
        self.end(
            .failed(
                failure: self.blame(process.process.flatMap(self.label) ?? "a process").failure(
                    .lost,
                    "process \(process.identity.pid)\(name) was stopped by a signal, and nobody continued it for a second"
                )))
    }

    private func label(of process: NodeProcess) -> String? {
        switch process {
        case .worker(let round, let index):
            self.round?.round == round ? self.round?.plan.processes[index].label : nil
        case .service(let id): self.services.plan.services[id].process.label
        case .step, .program, .remote: nil
        }
    }
}
