import Dispatch
import Foundation
import MusterFrameworks
import MusterModel
import MusterProcess
import MusterStore
import MusterTestSupport
import Testing

@testable import MusterAgent

@Suite struct ClusterLogsTests {
    private let sandbox: TestFolder
    private let queue = DispatchQueue(label: "test.logs")
    private let log: NodeLog
    private let logs: ClusterLogs

    init() throws {
        self.sandbox = try TestFolder()
        let reactor = try ProcessReactor()
        let null = open("/dev/null", O_WRONLY | O_CLOEXEC)
        let clock = SystemClock(reactor)
        self.log = NodeLog(
            path: "\(self.sandbox.path)/node.log", node: 0, status: StatusWriter(descriptor: null, clock: clock),
            reactor: reactor, clock: clock
        ) { Issue.record("the log cannot be written: \($0)") }
        let planned = PlannedLogs(
            folder: "\(self.sandbox.path)/logs", prefixes: ["worker-"], marks: [":job_id:", ":task_name:"])
        self.logs = ClusterLogs(planned, log: self.log, first: 30_000, on: self.queue)
    }

    /// What has arrived, by the log's number and stream.
    private func arrived(isLast: Bool = false) throws -> [String: String] {
        self.logs.follow(isLast: isLast)
        self.queue.sync {}
        let isWritten = DispatchSemaphore(value: 0)
        if self.log.whenWritten({ isWritten.signal() }) { isWritten.wait() }
        guard FileManager.default.fileExists(atPath: "\(self.sandbox.path)/node.log") else { return [:] }
        var reader = try LogReader(path: "\(self.sandbox.path)/node.log")
        var texts: [String: Data] = [:]
        while let entry = try reader.finish() {
            guard case .record(let record) = entry else { continue }
            texts["\(record.process) \(record.stream == .standardError ? "err" : "out")", default: Data()] +=
                record.bytes
        }
        return texts.mapValues { String(decoding: $0, as: UTF8.self) }
    }

    @Test("A folder that is not there yet is no trouble, and what it gets later arrives")
    func later() throws {
        #expect(try self.arrived() == [:])
        try self.sandbox.write("logs/worker-1.out", "hello\n")
        #expect(try self.arrived() == ["30000 out": "hello\n"])
    }

    @Test("Lines arrive whole and once, as the files grow; the last one without an end at the end")
    func grows() throws {
        try self.sandbox.write("logs/worker-1.out", "one\ntw")
        #expect(try self.arrived() == ["30000 out": "one\n"])
        try self.sandbox.append("logs/worker-1.out", "o\nthree")
        #expect(try self.arrived() == ["30000 out": "one\ntwo\n"])
        #expect(try self.arrived() == ["30000 out": "one\ntwo\n"])
        #expect(try self.arrived(isLast: true) == ["30000 out": "one\ntwo\nthree"])
    }

    @Test("Each file has a number of its own, its name says which stream it is, and others are left alone")
    func files() throws {
        try self.sandbox.write("logs/worker-a.err", "bad\n")
        try self.sandbox.write("logs/worker-a.out", "good\n")
        try self.sandbox.write("logs/raylet.out", "noise\n")
        #expect(try self.arrived() == ["30000 err": "bad\n", "30001 out": "good\n"])
    }

    @Test("The cluster's own marks are left out, wherever they stand, and empty lines stay")
    func marks() throws {
        try self.sandbox.write("logs/worker-1.out", ":job_id:1\na\n\n:task_name:f\nb :job_id: c\n:job_id:2\n")
        #expect(try self.arrived() == ["30000 out": "a\n\nb :job_id: c\n"])
    }

    @Test("Files far longer than a look takes at once, and lines too, arrive whole")
    func long() throws {
        let text =
            String(repeating: "0123456789abcde\n", count: 60_000) + String(repeating: "x", count: 700_000) + "\nend\n"
        try self.sandbox.write("logs/worker-1.out", text)
        #expect(try self.arrived()["30000 out"] == text)
    }

    @Test("A file that gives its place to a new one is read to its end, under either name, and nothing comes twice")
    func rotated() throws {
        try self.sandbox.write("logs/worker-1.err", "one\n")
        #expect(try self.arrived() == ["30000 err": "one\n"])
        try self.sandbox.append("logs/worker-1.err", "two\n")
        try FileManager.default.moveItem(
            atPath: "\(self.sandbox.path)/logs/worker-1.err", toPath: "\(self.sandbox.path)/logs/worker-1.err.1")
        try self.sandbox.write("logs/worker-1.err", "three\n")
        #expect(try self.arrived() == ["30000 err": "one\ntwo\n", "30001 err": "three\n"])
        #expect(try self.arrived(isLast: true) == ["30000 err": "one\ntwo\n", "30001 err": "three\n"])
    }

    @Test("A link to somewhere else is not followed")
    func link() throws {
        try self.sandbox.write("secret", "secret\n")
        try self.sandbox.write("logs/worker-1.out", "fine\n")
        try FileManager.default.createSymbolicLink(
            atPath: "\(self.sandbox.path)/logs/worker-2.out", withDestinationPath: "\(self.sandbox.path)/secret")
        #expect(try self.arrived() == ["30000 out": "fine\n"])
    }
}
