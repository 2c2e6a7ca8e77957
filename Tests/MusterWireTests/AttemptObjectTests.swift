import Foundation
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterWire

/// The objects of an attempt elsewhere, as files.
@Suite struct AttemptObjectTests {
    private static let claim = AttemptClaim(incarnation: "slurm:7.0", host: "n1", job: "7")

    private func withFolder(_ body: (AttemptFolder, TestFolder) throws -> Void) throws {
        let folder = try TestFolder()
        try FileManager.default.createDirectory(
            atPath: "\(folder.path)/run/train", withIntermediateDirectories: true)
        try body(AttemptFolder(prefix: "\(folder.path)/run/train/12.0."), folder)
    }

    @Test("Small objects are spelled as they are written down, and read back as they were")
    func golden() throws {
        func line<Value: Codable & Equatable>(_ value: Value) throws -> String {
            let data = try LineCoding.encode(value)
            #expect(try LineCoding.decode(Value.self, from: data) == value)
            return String(decoding: data, as: UTF8.self)
        }
        let lines = try [
            line(Self.claim), line(ControlPoint(incarnation: "slurm:7.0", addresses: ["10.0.0.1", "::1"], port: 4711)),
            line(LifeSign(count: 3, phase: .running, joined: 2, hosts: ["n1", "n2"])),
            line(JobReuse(order: "/s/runs/F/1/work/31.0.order")), line(JobReuse(order: nil)),
        ]
        #expect(try differenceFromGolden("attempt/objects.jsonl", lines.joined()) == nil)
    }

    @Test("Of several that create an object one succeeds, and the object is the one of it")
    func createOnce() async throws {
        let folder = try TestFolder()
        let attempt = AttemptFolder(prefix: "\(folder.path)/12.0.")
        let made = try await withThrowingTaskGroup(of: Int?.self) { group in
            for number in 0..<16 {
                group.addTask { try attempt.create(Data("\(number)".utf8), as: .claim) ? number : nil }
            }
            return try await group.reduce(into: [Int]()) { made, number in if let number { made.append(number) } }
        }
        #expect(made.count == 1)
        #expect(try attempt.read(.claim) == Data("\(made.first ?? -1)".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["12.0.claim"])
    }

    @Test("A secret is its user's alone, and an object that is no value is as good as none")
    func valuesAndSecrets() throws {
        try self.withFolder { attempt, _ in
            try attempt.write(Data(count: 32), as: .key, isSecret: true)
            let mode = try FileManager.default.attributesOfItem(atPath: attempt.path(.key))[.posixPermissions] as? Int
            #expect(mode == 0o600)
            #expect(try attempt.value(AttemptClaim.self, of: .claim) == nil)
            try attempt.write(Data("{\"incarn".utf8), as: .claim)
            #expect(try attempt.value(AttemptClaim.self, of: .claim) == nil)
            try attempt.write(Self.claim, as: .claim)
            #expect(try attempt.value(AttemptClaim.self, of: .claim) == Self.claim)
        }
    }

    @Test("What only a living attempt needs is found and removed, the report, the logs and other attempts stay")
    func transient() throws {
        try self.withFolder { attempt, folder in
            for object in AttemptObject.transient + [.report, .log(node: 0)] { try attempt.write(Data(), as: object) }
            let scratch = attempt.scratch(node: 1)
            try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
            let other = AttemptFolder(prefix: "\(folder.path)/run/train/12.1.")
            try other.write(Data(), as: .order)
            #expect(AttemptFolder.left(in: "\(folder.path)/run") == [attempt, other])
            #expect(attempt.removeTransient() == [])
            let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/run/train").sorted()
            #expect(names == ["12.0.node-0.log", "12.0.report.json", "12.1.order"])
            #expect(attempt.removeTransient() == [])
        }
    }

    @Test(
        "Statuses are read on from where the reader stopped, at whole lines; one that cannot be understood is skipped")
    func statuses() throws {
        try self.withFolder { attempt, _ in
            var reader = StatusReader()
            #expect(try reader.next(in: attempt) == [])
            let joined = try LineCoding.encode(AgentStatus.joined(node: 1))
            try attempt.append(joined + joined.prefix(4), to: .statuses)
            #expect(try reader.next(in: attempt) == [.joined(node: 1)])
            #expect(try reader.next(in: attempt) == [])
            try attempt.append(joined.dropFirst(4) + Data("nonsense\n".utf8) + joined, to: .statuses)
            #expect(try reader.next(in: attempt) == [.joined(node: 1), .joined(node: 1)])
        }
    }
}
