import Testing

@testable import MusterStore

@Suite struct AttemptFileTests {
    @Test("An attempt's files are found again by their names", arguments: [
        (AttemptFile(task: 3, attempt: 0, kind: .report), "3.0.report.json"),
        (AttemptFile(task: 12, attempt: 2, kind: .log(node: 7)), "12.2.node-7.log"),
    ])
    func names(file: AttemptFile, name: String) {
        #expect(file.name == name)
        #expect(AttemptFile(name: name) == file)
    }

    @Test("Other names are no attempt's", arguments: [
        "", "3.0.report.json.new", "3.report.json", "x.0.report.json", "3.0.node-.log", "3.0.node-x.log", "3.0.log",
    ])
    func others(name: String) {
        #expect(AttemptFile(name: name) == nil)
    }
}
