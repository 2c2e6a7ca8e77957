import Foundation
import MusterHistory
import MusterModel
import MusterStore
import Testing

@testable import MusterCommandLine

@Suite struct LogAndValueTests {
    private func record(_ process: Int, _ text: String) -> LogRecord {
        LogRecord(time: 0, process: process, stream: .standardOutput, bytes: Data(text.utf8))
    }

    @Test("One process passes through byte for byte, unfinished lines at once")
    func single() {
        var merge = ProcessMerge()
        #expect(merge.append(self.record(0, "\r10%")) == Data("\r10%".utf8))
        #expect(merge.append(self.record(0, "\r20%\nend")) == Data("\r20%\nend".utf8))
        #expect(merge.finish() == Data())
    }

    @Test("No process tears another one's line, and nothing is lost")
    func several() {
        var merge = ProcessMerge()
        var output = Data()
        for (process, text) in [(1, "one "), (2, "two\ntwo "), (1, "more\n"), (3, "three"), (2, "end")] {
            output.append(merge.append(self.record(process, text)))
        }
        output.append(merge.finish())
        #expect(String(decoding: output, as: UTF8.self) == "one more\ntwo\ntwo end\nthree")
    }

    @Test("Nobody waits for ever, and in memory, for the end of somebody's line")
    func endlessLine() {
        var merge = ProcessMerge()
        #expect(merge.append(self.record(1, "10%")) == Data("10%".utf8))
        let much = String(repeating: "0123456789abcde\n", count: 1 << 12)
        var output = Data()
        for _ in 0..<64 { output.append(merge.append(self.record(2, much))) }
        #expect(output.count > 3 << 20, "it came while the line went on")
        output.append(merge.finish())
        #expect(output == Data("\n".utf8) + Data(String(repeating: much, count: 64).utf8))
    }

    @Test(
        "Values are printed as what they are",
        arguments: [
            (Data("[1,2]".utf8), ArtifactEncoding.json, "[1,2]"),
            (Data([1, 0, 255, 255]), .int16, "[1, -1]"),
            (Data([0, 0, 0x80, 0x3F]), .float32, "[1.0]"),
            (Data(), .float64, "[]"),
            (Data([0xAB, 1]), .data, "2 bytes: ab 01"),
            (Data([1, 2, 3]), .pickle, "a Python pickle of 3 bytes"),
        ])
    func values(data: Data, encoding: ArtifactEncoding, text: String) {
        #expect(ArtifactText.text(data, encoding, limit: 1000) == text)
    }

    @Test("Long values are cut where that was asked for, and say how much there is")
    func cut() {
        #expect(ArtifactText.text(Data("\"abcdefgh\"".utf8), .json, limit: 5) == "\"abcd…")
        #expect(ArtifactText.text(Data(repeating: 0, count: 800), .float64, limit: 10).hasSuffix("…] (100 numbers)"))
    }

    @Test(
        "Durations are short and read well",
        arguments: [
            (0.04, "0.0 s"), (9.94, "9.9 s"), (59.4, "59 s"), (61.0, "1 min 01 s"), (7300.0, "2 h 01 min"),
            (-1.0, "0 s"), (.nan, "0 s"),
        ])
    func durations(seconds: Double, text: String) {
        #expect(TimeText.duration(seconds) == text)
    }

    @Test("The flow is the first word, and everything after it belongs to its parameters")
    func arguments() {
        #expect(FlowArguments(["flow", "--epochs", "5"], hasProgram: false).flow == "flow")
        #expect(FlowArguments(["flow", "--epochs", "5"], hasProgram: false).parameters == ["--epochs", "5"])
        #expect(FlowArguments(["--epochs", "5"], hasProgram: false).flow == nil)
        #expect(FlowArguments(["5"], hasProgram: true) == FlowArguments(["--", "5"], hasProgram: true))
    }

    @Test("The arguments of a flow program for an inner verb reach it")
    func handedOver() {
        #expect(
            MusterCommand.ordered(["package", "--program", "/p", "list", "--json"]) == [
                "package", "list", "--program", "/p", "--json",
            ])
        #expect(MusterCommand.ordered(["run", "--program", "/p", "x"]) == ["run", "--program", "/p", "x"])
    }

    @Test("Columns are as wide as their widest cell, and no line ends in blanks")
    func table() {
        var table = Table("RUN", "STATUS", "USER")
        table.append("Digits/1", "ok", "")
        #expect(table.text == "RUN       STATUS  USER\nDigits/1  ok\n")
    }
}
