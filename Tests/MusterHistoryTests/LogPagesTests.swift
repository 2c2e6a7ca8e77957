import Foundation
import MusterHistory
import MusterModel
import MusterStore
import MusterTestSupport
import Testing

@Suite struct LogPagesTests {
    private let folder: TestFolder

    init() throws { self.folder = try TestFolder() }

    private func source(_ node: Int) -> LogSource {
        LogSource(
            attempt: AttemptID(flow: "F", run: "1", step: "s", task: 1, attempt: 0), node: node,
            path: "\(self.folder.path)/\(node).log")
    }

    private struct Written {
        var time: Int64
        var process = 0
        var stream = ProcessStream.standardOutput
        var text: String
    }

    @discardableResult
    private func write(_ node: Int, _ records: [Written]) throws -> LogSource {
        let source = self.source(node)
        let writer = try LogWriter(path: source.path)
        for record in records {
            try Array(record.text.utf8).withUnsafeBytes {
                _ = try writer.append(
                    process: record.process, stream: record.stream, bytes: $0, at: record.time)
            }
        }
        return source
    }

    private func pages(_ sources: [LogSource], _ filter: LogFilter = LogFilter()) throws -> LogPages {
        try LogPages(sources, filter) { _, extend in
            var index = LogIndex()
            try extend(&index)
            return index
        }
    }

    private func texts(_ page: LogPage) -> [String] {
        page.lines.map { String(decoding: $0.line.bytes, as: UTF8.self) }
    }

    /// Every line, read backwards.
    private func backwards(_ pages: LogPages, limit: Int) throws -> [String] {
        var position = pages.end
        var all: [String] = []
        while true {
            let page = try pages.page(before: position, limit: limit)
            all = self.texts(page) + all
            if page.isStart { return all }
            try #require(page.before != position)
            position = page.before
        }
    }

    /// Every line, read forwards.
    private func forwards(_ pages: LogPages, limit: Int) throws -> [String] {
        var position = LogPosition()
        var all: [String] = []
        while true {
            let page = try pages.page(after: position, limit: limit)
            all += self.texts(page)
            if page.isEnd { return all }
            try #require(page.after != position)
            position = page.after
        }
    }

    @Test(
        "However long the pages are, backwards and forwards give every line once, in the order of time",
        arguments: [2, 7, 100, 100_000])
    func everything(limit: Int) throws {
        // Some megabytes, so that there are many marks; records that hold a part of a line, and several lines.
        let padding = String(repeating: "x", count: 8_000)
        let sources = try (0..<3).map { node in
            try self.write(
                node,
                (0..<120).flatMap { (number: Int) -> [Written] in
                    let time = Int64(number * 30 + node * 10)
                    return [
                        Written(time: time, text: "\(node).\(number) \(padding)"),
                        Written(time: time + 1, process: 1, stream: .standardError, text: "\(node).\(number) e\nand "),
                        Written(time: time + 2, text: " end\n"),
                        Written(time: time + 3, process: 1, stream: .standardError, text: "more\n"),
                    ]
                })
        }
        let expected = (0..<120).flatMap { number in
            (0..<3).flatMap { ["\($0).\(number) e", "\($0).\(number) \(padding) end", "and more"] }
        }
        let pages = try self.pages(sources)
        #expect(try self.forwards(pages, limit: limit) == expected)
        #expect(try self.backwards(pages, limit: limit) == expected)
    }

    @Test("The last page of a log holds its last lines, and what has not ended")
    func last() throws {
        let source = try self.write(
            0, (1...10).map { Written(time: Int64($0), text: "line \($0)\n") } + [Written(time: 11, text: "\r 40 %")])
        let page = try self.pages([source]).page(before: self.pages([source]).end, limit: 3)
        #expect(self.texts(page) == ["line 8", "line 9", "line 10"])
        #expect(page.open.map { String(decoding: $0.line.bytes, as: UTF8.self) } == ["\r 40 %"])
        #expect(page.isEnd && !page.isStart)
    }

    @Test("A log that has grown is read on from the page before, and a line that began there is whole")
    func growing() throws {
        let source = try self.write(0, [Written(time: 1, text: "one\ntw")])
        let page = try self.pages([source]).page(before: self.pages([source]).end, limit: 10)
        #expect(self.texts(page) == ["one"])
        try self.write(0, [Written(time: 2, text: "o\nthree\n")])
        let next = try self.pages([source]).page(after: page.after, limit: 10)
        #expect(self.texts(next) == ["two", "three"] && next.open.isEmpty && next.isEnd)
    }

    @Test("A record that was cut off when its writer was killed is shown in part")
    func cutOff() throws {
        let source = try self.write(0, [Written(time: 1, text: "one\n"), Written(time: 2, text: "the last words\n")])
        let size = try Data(contentsOf: URL(filePath: source.path)).count
        truncate(source.path, off_t(size - 7))
        let page = try self.pages([source]).page(before: self.pages([source]).end, limit: 10)
        #expect(self.texts(page) == ["one"])
        #expect(page.open.map { String(decoding: $0.line.bytes, as: UTF8.self) } == ["the last "])
    }

    @Test("A page from a time on begins with the first line that is not older")
    func time() throws {
        let sources = try (0..<2).map { node in
            try self.write(
                node,
                (0..<2_000).map {
                    Written(time: Int64($0 * 10 + node), text: "\(node) \($0) \(String(repeating: "y", count: 500))\n")
                })
        }
        let pages = try self.pages(sources)
        for (time, first) in [(0, "0 0"), (1, "1 0"), (2, "0 1"), (10_005, "0 1001"), (19_991, "1 1999")] {
            let page = try pages.page(after: pages.position(at: Int64(time)), limit: 1)
            #expect(self.texts(page).first?.hasPrefix("\(first) ") == true, "\(time)")
        }
        #expect(try pages.page(after: pages.position(at: 30_000), limit: 1).lines.isEmpty)
    }

    @Test("A filter chooses streams, the user's processes and lines that contain a text in any case")
    func filter() throws {
        let source = try self.write(
            0,
            [
                Written(time: 1, text: "Loss 3\n"), Written(time: 2, stream: .standardError, text: "loss of grip\n"),
                Written(time: 3, process: LogProcess.firstService, text: "ray: LOSS\n"),
                Written(time: 4, text: "größe ÄRGER\n"),
            ])
        func lines(_ filter: LogFilter) throws -> [String] {
            try self.forwards(self.pages([source], filter), limit: 10)
        }
        #expect(try lines(LogFilter(text: "loss")) == ["Loss 3", "loss of grip"])
        #expect(try lines(LogFilter(showsCluster: true, text: "LOSS")) == ["Loss 3", "loss of grip", "ray: LOSS"])
        #expect(try lines(LogFilter(stream: .standardError)) == ["loss of grip"])
        #expect(try lines(LogFilter(text: "ärger")) == ["größe ÄRGER"])
        #expect(try lines(LogFilter(text: "absent")).isEmpty)
    }

    @Test("Logs that nobody has begun, and none at all, are empty pages")
    func nothing() throws {
        for sources in [[], [self.source(0)]] {
            let pages = try self.pages(sources)
            let page = try pages.page(before: pages.end, limit: 10)
            #expect(page.lines.isEmpty && page.open.isEmpty && page.isStart && page.isEnd)
        }
    }

    @Test(
        "A position is read as it is written, and nothing else is one",
        arguments: ["0:1:2", "a:1", "0:-1", "0:1,0:2", ":"])
    func positions(wrong: String) {
        let position = LogPosition(offsets: [0: 4096, 12: 0])
        #expect("\(position)" == "0:4096,12:0" && LogPosition("0:4096,12:0") == position)
        #expect(LogPosition(wrong) == nil)
    }
}
