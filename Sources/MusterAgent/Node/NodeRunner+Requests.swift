import Dispatch
import Glibc
import MusterModel
import MusterProcess
import MusterStore
import MusterWire

/// What the step asks of its agent.
extension NodeRunner {
    func receive(_ request: RequestLine, from connection: SocketConnection) {
        if self.requests.add(request, from: connection) { self.serve(request, connection) }
    }

    func answer(_ connection: SocketConnection, _ answer: AgentAnswer) {
        connection.send(answer)
        if let next = self.requests.answered(connection) { self.serve(next, connection) }
    }

    /// The program on the other side has closed its connection: nobody waits for what it asked for.
    func requestsEnded(_ connection: SocketConnection) {
        self.requests.forget(connection)
        self.abandonRemotes(of: connection)
        self.loseWrapper(connection)
        for process in self.processes.values where process.connection == connection {
            process.process.signalGroup(SIGTERM)
        }
    }

    private func serve(_ request: RequestLine, _ connection: SocketConnection) {
        guard request.isOutput || (self.phase == .running && !self.isClearing) else {
            return self.answer(
                connection, .failed(failure: self.blame("step").failure(.contract, "the attempt is over")))
        }
        switch request {
        case .unreadable(let problem):
            self.answer(connection, .failed(failure: self.blame("step").failure(.contract, problem)))
        case .request(.artifact(let reference)):
            self.verify([reference], connection) { .artifact(path: $0[0]) }
        case .request(.artifacts(let references)):
            self.verify(references, connection) { .artifacts(paths: $0) }
        case .request(.framework(let name, let options)):
            self.requestLaunch(name, options, connection)
        case .request(.process(let arguments, let environment)):
            self.run(arguments, environment, connection)
        case .request(.card(let name, let path)):
            self.takeCard(name, path, connection)
        case .request(.barrier):
            self.reachBarrier(connection)
        case .request(.broadcast(let path)):
            self.broadcast(path, connection)
        case .request(.reach(let host, let command)):
            self.reach(host, command, connection)
        case .request(.watching(let label, let wrapper)):
            self.watching(label, wrapper, connection)
        case .request(.watched(let exit)):
            self.watched(exit, connection)
        case .request(.written(let process, let stream, let bytes)):
            self.written(process, stream, bytes, connection)
        }
    }

    private func verify(
        _ references: [ArtifactReference], _ connection: SocketConnection,
        _ answer: @escaping @Sendable (_ paths: [String]) -> AgentAnswer
    ) {
        let (store, blame, events) = (self.store, self.blame("step"), self.services.events)
        self.services.files.async {
            do {
                events.yield(.answer(connection, answer(try references.map(store.verifiedPath))))
            } catch {
                events.yield(.answer(connection, .failed(failure: blame.failure(.store, "\(error)"))))
            }
        }
    }

    private func takeCard(_ name: String, _ file: String, _ connection: SocketConnection) {
        let (cards, folder, attempt) = (CardStore(self.store.layout), self.folder.task, self.spec.attempt)
        let (node, blame, events) = (self.spec.index, self.blame("step"), self.services.events)
        self.services.files.async {
            do {
                guard let card = CardName(name) else {
                    throw AgentError("'\(name)' is no card's name; it is PLACE_TYPE or PLACE_TYPE_ID")
                }
                let path = try TaskFolderFile.path("the card '\(name)'", file, in: folder)
                try cards.take(file: path, as: card, of: attempt, node: node)
                events.yield(.answer(connection, .done))
            } catch {
                let code: TaskFailure.Code = error is StoreError ? .store : .contract
                events.yield(.answer(connection, .failed(failure: blame.failure(code, "\(error)"))))
            }
        }
    }

    private func run(_ arguments: [String], _ environment: [String: String], _ connection: SocketConnection) {
        let name = arguments.first.flatMap { $0.split(separator: "/").last.map(String.init) } ?? ""
        let blame = self.blame(name.isEmpty ? "process" : name)
        guard !name.isEmpty else {
            return self.answer(
                connection, .failed(failure: blame.failure(.contract, "a process needs a program to run")))
        }
        let id = self.processCount
        self.processCount += 1
        let tail = OutputTail()
        let events = self.services.events
        do {
            let process = try self.spawn(
                EntrypointPlaces(self.spec, self.folder).placed(arguments),
                self.environment.merging(environment) { $1 }, process: LogProcess.firstProgram + id, tail
            ) { events.yield(.processExited(id: id, $0)) }
            self.processes[id] = (connection, tail, process, name)
        } catch {
            self.answer(connection, .failed(failure: blame.failure(.environment, error.message)))
        }
    }

    func processExited(_ id: Int, _ status: ExitStatus) {
        guard let process = self.processes.removeValue(forKey: id) else { return }
        if status.isSuccess { return self.answer(process.connection, .done) }
        let failure = self.blame(process.name).failure(status, lastLines: process.tail.lastLines)
        self.causes.append(failure)
        self.answer(process.connection, .failed(failure: failure))
    }
}
