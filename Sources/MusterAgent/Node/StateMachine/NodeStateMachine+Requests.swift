import Glibc
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterWire

/// Requests of the step body, of its programs and of the wrappers around launched programs.
extension NodeStateMachine {
    mutating func receive(_ request: RequestLine, from connection: RequestConnection) {
        if self.requests.add(request, from: connection) { self.serve(request, connection) }
    }

    mutating func answer(_ connection: RequestConnection, _ answer: AgentAnswer) {
        self.emit(.answer(connection, answer))
        if let next = self.requests.answered(connection) { self.serve(next, connection) }
    }

    /// The program on the other side has closed its connection: nothing waits for what it asked for.
    mutating func requestsEnded(_ connection: RequestConnection) {
        self.requests.forget(connection)
        self.abandonRemotes(of: connection)
        self.loseWrapper(connection)
        for (id, program) in self.programs.sorted(by: { $0.key < $1.key }) where program.connection == connection {
            self.emit(.terminate(.program(id)))
        }
    }

    private mutating func serve(_ line: RequestLine, _ connection: RequestConnection) {
        guard line.isOutput || self.isActive else { return self.refuse("the attempt is over", connection) }
        switch line {
        case .unreadable(let problem): self.refuse(problem, connection)
        case .request(let request): self.serve(request, connection)
        }
    }

    private mutating func serve(_ request: AgentRequest, _ connection: RequestConnection) {
        switch request {
        case .artifact(let reference): self.emit(.verify(connection, [reference], isList: false))
        case .artifacts(let references): self.emit(.verify(connection, references, isList: true))
        case .framework(let name, let options): self.requestLaunch(name, options, connection)
        case .process(let arguments, let environment): self.run(arguments, environment, connection)
        case .card(let name, let path): self.emit(.takeCard(connection, name: name, file: path))
        case .barrier: self.emit(.tell(.barrierReached(barrier: self.barriers.add(connection))))
        case .broadcast(let path): self.broadcast(path, connection)
        case .reach(let host, let command): self.reach(host, command, connection)
        case .watching(let label, let wrapper):
            self.round?.wrappers[connection] = NodeRound.Wrapper(label: label, pid: wrapper)
            self.answer(connection, .done)
        case .watched(let exit): self.watched(exit, connection)
        case .written(let process, let stream, let bytes):
            self.emit(.log(connection, process: process, stream, bytes))
        }
    }

    // MARK: Programs of the step

    private mutating func run(
        _ arguments: [String], _ environment: [String: String], _ connection: RequestConnection
    ) {
        let name = arguments.first.flatMap { $0.split(separator: "/").last.map(String.init) } ?? ""
        guard !name.isEmpty else {
            return self.answer(
                connection,
                .failed(failure: self.blame("process").failure(.contract, "a process needs a program to run")))
        }
        let id = self.programCount
        self.programCount += 1
        self.programs[id] = Program(name: name, connection: connection)
        self.emit(
            .start(
                .program(id),
                PlannedProcess(
                    label: name, arguments: arguments, environment: self.environment.merging(environment) { $1 }),
                mark: nil))
    }

    mutating func programNotStarted(_ id: Int, _ reason: String) {
        guard let program = self.programs.removeValue(forKey: id) else { return }
        self.answer(
            program.connection, .failed(failure: self.blame(program.name).failure(.environment, reason)))
    }

    mutating func programExited(_ id: Int, _ status: ExitStatus, _ lastLines: [String]) {
        guard let program = self.programs.removeValue(forKey: id) else { return }
        if status.isSuccess { return self.answer(program.connection, .done) }
        var failure = self.blame(program.name).failure(status, lastLines: lastLines)
        failure.id = "node \(self.spec.index), program \(id)"
        self.told.append(ToldFailure(failure: failure, isOfLaunch: false))
        self.answer(program.connection, .failed(failure: failure))
    }

    // MARK: Wrappers around launched programs

    private mutating func watched(_ exit: WatchedExit?, _ connection: RequestConnection) {
        self.round?.wrappers[connection] = nil
        if let exit {
            self.judge(
                ProcessExit(
                    label: exit.label, role: .watched, code: exit.code, signal: exit.signal, lastLines: exit.lastLines))
        }
        self.answer(connection, .done)
    }

    /// A wrapper has ended without a report, and its program died with it. This node cannot know the cause.
    private mutating func loseWrapper(_ connection: RequestConnection) {
        guard let wrapper = self.round?.wrappers.removeValue(forKey: connection), self.round?.isEnding == false,
            !self.isEnding
        else { return }
        self.round?.suspicion = .lostWrapper
        let exit = ProcessExit(wrapper.label, .watched, .signaled(SIGKILL), lastLines: [])
        self.report(
            self.blame(wrapper.label).failure(exit, detail: "the process that watched it was ended as well"), .silence)
    }

    // MARK: Barriers

    mutating func barrierPassed(_ barrier: Int, _ failure: TaskFailure?) {
        guard let connection = self.barriers.take(barrier) else { return }
        self.answer(connection, failure.map { .failed(failure: $0) } ?? .done)
    }

    // MARK: Broadcasts, on the control node

    private mutating func broadcast(_ path: String, _ connection: RequestConnection) {
        guard self.spec.index == 0 else {
            return self.refuse(
                "broadcast: the control node sends its file to the others; this is node \(self.spec.index)", connection)
        }
        if let problem = BroadcastPlace.problem(path) { return self.refuse("broadcast: \(problem)", connection) }
        self.emit(.find(connection, path: path))
    }

    mutating func fileFound(
        _ connection: RequestConnection, _ path: String, _ file: Result<BroadcastSource, AgentError>
    ) {
        switch file {
        case .failure(let error): self.refuse(error.message, connection)
        case .success(let source) where source.size == 0 && self.spec.size > 1:
            self.refuse("broadcast: \(path) is empty", connection)
        case .success(let source):
            let number = self.broadcasts.add(connection)
            self.emit(
                .ask(
                    .broadcastRequested(
                        offer: BroadcastOffer(
                            broadcast: number, path: path, size: source.size, mode: source.mode,
                            source: source.identity, shared: "\(self.folder.root)/shared-\(number)"))))
        }
    }

    mutating func broadcastEnded(_ broadcast: Int, _ failure: TaskFailure?) {
        guard let connection = self.broadcasts.take(broadcast) else { return }
        self.answer(connection, failure.map { .failed(failure: $0) } ?? .done)
    }

    // MARK: Broadcasts, on the other nodes

    mutating func take(_ offer: BroadcastOffer) {
        guard self.isActive, BroadcastPlace.problem(offer.path) == nil else { return }
        self.emit(.receive(offer))
    }

    mutating func broadcastReceived(_ offer: BroadcastOffer, _ problem: AgentError?) {
        let failure = problem.map {
            self.blame("step").failure(.environment, "the file \(offer.path) did not arrive: \($0)")
        }
        self.emit(.tell(.broadcastTaken(broadcast: offer.broadcast, failure: failure)))
    }
}
