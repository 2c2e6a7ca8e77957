import Testing

@testable import MusterStore

@Suite struct AttemptFileTests {
    @Test(
        "An attempt's files are found again by their names",
        arguments: [
            (AttemptFile(task: 3, attempt: 0, kind: .report), "3.0.report.json"),
            (AttemptFile(task: 3, attempt: 0, kind: .gang), "3.0.gang.json"),
            (AttemptFile(task: 12, attempt: 2, kind: .log(node: 7)), "12.2.node-7.log"),
            (AttemptFile(task: 12, attempt: 2, kind: .agentLog(node: 7)), "12.2.node-7.agent.log"),
            (
                AttemptFile(task: 3, attempt: 1, kind: .card(node: 0, CardName(place: 1, type: "blank", id: "a_b"))),
                "3.1.node-0.card-1_blank_a_b.html"
            ),
            (
                AttemptFile(task: 3, attempt: 1, kind: .card(node: 2, CardName(place: 0, type: "default", id: nil))),
                "3.1.node-2.card-0_default.html"
            ),
        ])
    func names(file: AttemptFile, name: String) {
        #expect(file.name == name)
        #expect(AttemptFile(name: name) == file)
    }

    @Test(
        "Other names are no attempt's",
        arguments: [
            "", "3.0.report.json.new", "3.report.json", "x.0.report.json", "3.0.node-.log", "3.0.node-x.log", "3.0.log",
            "3.0.node-1.card-default.html", "3.0.node-1.card-0.html", "3.0.node-1.card-0_.html",
            "3.0.card-0_default.html",
            "3.0.node-1.card-00_default.html", "3.0.node-1.card-0_default_a-b.html", "3.0.node-1.card-0_default_.html",
            "3.0.node-1.card-0_default.txt",
        ])
    func others(name: String) {
        #expect(AttemptFile(name: name) == nil)
    }
}
