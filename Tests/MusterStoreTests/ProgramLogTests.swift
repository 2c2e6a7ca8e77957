import Dispatch
import Foundation
import Logging
import MusterModel
import MusterTestSupport
import Testing

@testable import MusterStore

@Suite struct ProgramLogTests {
    private let folder: TestFolder
    private let queue = DispatchQueue(label: "test.log")
    init() throws { self.folder = try TestFolder() }

    private var path: String { "\(self.folder.path)/a/engine.log" }

    private func log() -> ProgramLog { ProgramLog(path: self.path, process: LogProcess.engine, queue: self.queue) }

    private func lines() throws -> [String] {
        var reader = try LogReader(path: self.path)
        var lines: [String] = []
        while let entry = try reader.next() {
            guard case .record(let record) = entry else { continue }
            #expect(record.process == LogProcess.engine)
            lines.append(String(decoding: record.bytes, as: UTF8.self))
        }
        return lines
    }

    @Test("Lines hold level, message and fields in the order of their names, and stay one line whatever they hold")
    func lineForm() throws {
        let log = self.log()
        var logger = Logger(log, level: .info, ["run": "Flow/7"])
        logger[metadataKey: "node"] = "2"
        logger.info("the gang has formed", metadata: ["nodes": "4", "reason": "two words\nand \"more\"", "empty": ""])
        logger.debug("not at this level")
        log.flush()
        #expect(
            try self.lines() == [
                #"info the gang has formed empty="" node=2 nodes=4 reason="two words\nand \"more\"" run=Flow/7"# + "\n"
            ])
    }

    @Test("At the level debug more is written, and a second program appends to the file")
    func appends() throws {
        for (level, text) in [(LogLevel.debug, "first"), (.error, "second")] {
            let log = self.log()
            let logger = Logger(log, level: level, [:])
            logger.debug("\(text)")
            logger.error("\(text) error")
            log.flush()
        }
        #expect(try self.lines() == ["debug first\n", "error first error\n", "error second error\n"])
    }

    @Test("Without a line there is no file")
    func noFile() {
        let log = self.log()
        Logger(log, level: .warning, [:]).info("nothing")
        log.flush()
        #expect(access(self.path, F_OK) != 0)
    }

    @Test("A queue that stalls holds nobody up; what comes beyond a bound is counted and dropped")
    func stalled() throws {
        let log = self.log()
        let logger = Logger(log, level: .info, [:])
        let (stalls, goesOn) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        self.queue.async {
            stalls.signal()
            goesOn.wait()
        }
        stalls.wait()
        for number in 0..<10_003 { logger.info("\(number)") }
        goesOn.signal()
        log.flush()
        let lines = try self.lines()
        #expect(lines.count == 10_001)
        #expect(lines.last == "warning 3 lines were dropped\n")
    }

    @Test("A log that cannot be written fails nothing")
    func unwritable() throws {
        try Data().write(to: URL(filePath: "\(self.folder.path)/a"))
        let log = self.log()
        Logger(log, level: .info, [:]).warning("lost")
        log.flush()
        #expect(throws: (any Error).self) { try self.lines() }
    }
}
