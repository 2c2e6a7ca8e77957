import Foundation
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterWire

@Suite struct GangMessageTests {
    static let attempt = AttemptID(flow: "Train", run: "17", step: "train", task: 3, attempt: 1)
    static let node = RosterNode(index: 2, address: "127.0.1.3", cpus: 4, gpus: 1)
    static let failure = TaskFailure(
        code: .signal, message: "rank 3 on node 3 was ended by signal 9 (SIGKILL)", node: 3, process: "rank 3",
        signal: 9,
        lastLines: ["epoch 1", "loss 0.25 \u{1F600}"])
    static let round = LaunchRound(launch: 1, restart: 2)

    /// One of each.
    static let fromWorker: [WorkerMessage] = [
        .hello(introduction: GangHello(attempt: attempt, size: 4, node: node)),
        .heartbeat,
        .ended(
            outcome: .succeeded(
                result: NodeResult(
                    transition: .step(to: "join"),
                    artifacts: [
                        "loss": ArtifactReference(
                            digest: String(repeating: "ab", count: 32), size: 8, encoding: .float64)
                    ]))),
        .ended(outcome: .failed(failure: failure)),
        .launchRequested(
            launch: 1,
            request: LaunchRequest(
                framework: "torchrun",
                options: ["entrypoint": .string("train.py"), "arguments": .array([.string("--epochs=5")])],
                processes: 2, restarts: 3)),
        .setupReady(stage: 1),
        .launchHosting(round: round),
        .remoteEnded(id: 1, code: 137),
        .barrierReached(barrier: 2),
        .broadcastWanted(broadcast: 1),
        .broadcastTaken(broadcast: 1, failure: nil),
        .launchFailed(round: round, failure: failure, evidence: .end),
        .launchEnded(round: round),
        .released,
    ]

    static let fromControl: [ControlMessage] = [
        .welcome(version: 1),
        .refused(reason: "it belongs to another attempt"),
        .roster(
            roster: PackedRoster(
                Roster(nodes: [
                    RosterNode(index: 0, address: "127.0.1.1", cpus: 4, gpus: 0),
                    RosterNode(index: 1, address: "127.0.1.2", cpus: 4, gpus: 1, ports: [4000, 4001]),
                ]))),
        .roster(
            roster: PackedRoster(Roster(nodes: [RosterNode(index: 0, address: "127.0.1.1", cpus: 4, gpus: 0), node]))),
        .heartbeat,
        .setupStage(stage: 1),
        .setupComplete,
        .launchStarted(round: round, port: 41234, processes: [2, 2], request: nil),
        .launchStarted(
            round: round, port: 41234, processes: [1, 0],
            request: LaunchRequest(
                framework: "mpi", options: ["operation": .string("exec")], processes: 1, asker: .controlNode,
                processesOfAll: [1, 0])),
        .remoteStarted(id: 1, round: round, command: "orted -mca ess env"),
        .remoteStopped(id: 1),
        .barrierPassed(barrier: 2, failure: nil),
        .broadcastOffered(
            offer: BroadcastOffer(
                broadcast: 1, path: "bin/heat", size: 16384, mode: 0o755,
                source: FileIdentity(system: "boot", path: "/scratch/0/work/bin/heat", device: 64768, inode: 11),
                shared: "/scratch/0/shared-1")),
        .launchStopped(round: round),
        .launchAnswered(launch: 1, failure: nil),
        .launchAnswered(launch: 1, failure: failure),
        .release(failure: nil),
        .release(failure: failure),
    ]

    @Test("Messages are spelled as they always were")
    func golden() throws {
        func lines(_ messages: [some GangMessage]) throws -> String {
            try messages.map { String(decoding: try GangFraming.encode($0).dropFirst(4), as: UTF8.self) + "\n" }
                .joined()
        }
        #expect(try differenceFromGolden("gang/worker.jsonl", lines(Self.fromWorker)) == nil)
        #expect(try differenceFromGolden("gang/control.jsonl", lines(Self.fromControl)) == nil)
    }

    @Test("A message of the other direction is refused")
    func otherDirection() throws {
        var decoder = GangFrameDecoder<WorkerMessage>()
        decoder.append(try GangFraming.encode(ControlMessage.release(failure: nil)))
        #expect(throws: GangFramingError.self) { try decoder.next() }
    }

    @Test("Every message survives framing, however the bytes are cut", arguments: [1, 2, 3, 7, 64, 1 << 20])
    func roundTrip(chunk: Int) throws {
        try self.roundTrip(Self.fromWorker, chunk)
        try self.roundTrip(Self.fromControl, chunk)
    }

    private func roundTrip<Message: GangMessage>(_ messages: [Message], _ chunk: Int) throws {
        let bytes = try messages.reduce(into: Data()) { $0.append(try GangFraming.encode($1)) }
        var decoder = GangFrameDecoder<Message>(limit: GangFraming.maximumLength)
        var read: [Message] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            decoder.append(bytes[start..<min(start + chunk, bytes.count)])
            while case .message(let message)? = try decoder.next() { read.append(message) }
        }
        #expect(read == messages)
    }

    @Test("A length beyond the limit, of nothing, or a body that is no message is refused")
    func refused() throws {
        func decode(_ bytes: [UInt8], limit: Int = 100) throws -> GangFrame<ControlMessage>? {
            var decoder = GangFrameDecoder<ControlMessage>(limit: limit)
            decoder.append(bytes)
            return try decoder.next()
        }
        #expect(throws: GangFramingError.empty) { try decode([0, 0, 0, 0]) }
        #expect(throws: GangFramingError.tooLong(length: 101, limit: 100)) { try decode([0, 0, 0, 101]) }
        #expect(throws: GangFramingError.tooLong(length: 0x3FFF_FFFF, limit: 100)) { try decode([127, 255, 255, 255]) }
        #expect(throws: GangFramingError.tooLong(length: 0x7FFF_FFFF, limit: 100)) { try decode([255, 255, 255, 255]) }
        #expect(throws: GangFramingError.unknown("a piece of a file")) { try decode([128, 0, 0, 5, 0, 0, 0, 1, 7]) }
        #expect(throws: GangFramingError.empty) { try decode([128, 0, 0, 4, 0, 0, 0, 1]) }
        #expect(throws: GangFramingError.unknown("{}")) { try decode([0, 0, 0, 2] + Array("{}".utf8)) }
        #expect(try decode([0, 0, 0, 101].dropLast()) == nil)
        let roster = Roster(
            nodes: (0..<GangLimits.maximumNodes).map {
                RosterNode(index: $0, address: "2001:0db8:85a3:0000:0000:8a2e:0370:7334", cpus: 256, gpus: 8)
            })
        #expect(
            try GangFraming.encode(ControlMessage.roster(roster: PackedRoster(roster))).count
                < GangFraming.maximumLength)
    }

    @Test("100,000 random and mutated inputs are read or refused, never more")
    func fuzz() throws {
        var random = SystemRandomNumberGenerator()
        let valid =
            try Self.fromWorker.map { try GangFraming.encode($0) }
            + Self.fromControl.map { try GangFraming.encode($0) }
        var refused = 0
        for round in 0..<100_000 {
            var bytes: Data
            if round % 4 == 0 {
                bytes = Data(
                    (0..<Int.random(in: 0..<64, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
            } else {
                bytes = valid[round % valid.count]
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
            }
            var decoder = GangFrameDecoder<WorkerMessage>()
            decoder.append(bytes)
            do { while try decoder.next() != nil {} } catch { refused += 1 }
        }
        #expect(refused > 10_000)
    }

    @Test(
        "A hello of another version, attempt, size or index is refused with the reason",
        arguments: [
            (GangHello(version: 1, attempt: attempt, size: 4, node: node), "version 1"),
            (
                GangHello(
                    attempt: AttemptID(flow: "Train", run: "17", step: "train", task: 3, attempt: 0), size: 4,
                    node: node), "belongs to"
            ),
            (GangHello(attempt: attempt, size: 5, node: node), "expects 5 nodes"),
            (
                GangHello(attempt: attempt, size: 4, node: RosterNode(index: 4, address: "a", cpus: 1, gpus: 0)),
                "between 1 and 3"
            ),
            (
                GangHello(attempt: attempt, size: 4, node: RosterNode(index: 0, address: "a", cpus: 1, gpus: 0)),
                "between 1 and 3"
            ),
            (
                GangHello(attempt: attempt, size: 4, node: RosterNode(index: 1, address: "", cpus: 1, gpus: 0)),
                "address"
            ),
        ])
    func hello(hello: GangHello, reason: String) {
        #expect(hello.refusal(attempt: Self.attempt, size: 4)?.contains(reason) == true)
        #expect(
            GangHello(attempt: Self.attempt, size: 4, node: Self.node).refusal(attempt: Self.attempt, size: 4) == nil)
    }

    @Test("A long message comes through in pieces, which an unauthenticated peer cannot send")
    func pieces() throws {
        let reference = ArtifactReference(digest: String(repeating: "ab", count: 32), size: 8, encoding: .float64)
        let artifacts = Dictionary(
            uniqueKeysWithValues: (0..<70_000).map { ("an artifact of many, number \($0)", reference) })
        let message = WorkerMessage.ended(
            outcome: .succeeded(result: NodeResult(transition: .step(to: "join"), artifacts: artifacts)))
        let bytes = try GangFraming.encode(message) + GangFraming.encode(WorkerMessage.heartbeat)
        #expect(bytes.count > 2 * GangFraming.maximumLength)
        var decoder = GangFrameDecoder<WorkerMessage>(limit: GangFraming.maximumLength)
        var frames: [GangFrame<WorkerMessage>] = []
        for start in stride(from: 0, to: bytes.count, by: 1 << 20) {
            decoder.append(bytes[start..<min(start + 1 << 20, bytes.count)])
            while let frame = try decoder.next() { frames.append(frame) }
        }
        #expect(frames == [.piece, .piece, .message(message), .message(.heartbeat)])
        var unauthenticated = GangFrameDecoder<WorkerMessage>()
        unauthenticated.append([64, 0, 0, 4] + Array("abcd".utf8))
        #expect(throws: GangFramingError.self) { try unauthenticated.next() }
    }

    @Test("A roster comes out as it went in, whichever of its columns are all the same", arguments: [1, 3])
    func packedRoster(nodes: Int) throws {
        let same = Roster(
            nodes: (0..<nodes).map {
                RosterNode(index: $0, address: "127.0.1.\($0)", cpus: 4, gpus: 1, memory: 5, ports: [7])
            })
        let different = Roster(
            nodes: (0..<nodes).map {
                RosterNode(index: $0, address: "127.0.1.\($0)", cpus: $0, gpus: $0, memory: $0, ports: [7 + $0])
            })
        for roster in [same, different] {
            let data = try JSONEncoder().encode(PackedRoster(roster))
            #expect(try JSONDecoder().decode(PackedRoster.self, from: data).roster == roster)
        }
    }

    @Test(
        "A roster with a column of another length, or without a node, is refused",
        arguments: [
            #"{"addresses":["a","b","c"],"cpus":[1,2],"gpus":[0],"memory":[0],"ports":[[]]}"#,
            #"{"addresses":[],"cpus":[1],"gpus":[0],"memory":[0],"ports":[[]]}"#,
        ])
    func wrongRoster(text: String) {
        #expect(throws: DecodingError.self) { try JSONDecoder().decode(PackedRoster.self, from: Data(text.utf8)) }
    }
}
