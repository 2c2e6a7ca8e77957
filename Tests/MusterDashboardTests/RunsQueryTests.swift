import MusterMetadata
import MusterModel
import MusterStore
import Testing

@testable import MusterDashboard

@Suite struct RunsQueryTests {
    private func row(_ run: String, flow: String = "TrainFlow", verdict: RunVerdict = .failed, user: String = "ada")
        -> RunsView.Row
    {
        RunsView.Row(
            ListedRun(key: RunKey(flow: flow, run: run), created: 1, finished: 2, verdict: verdict, user: user),
            in: StoreLayout(root: "/nowhere"))
    }

    private func query(_ change: (inout RunsQuery) -> Void = { _ in }) -> RunsQuery {
        var query = RunsQuery(limit: 2)
        change(&query)
        return query
    }

    @Test("Each part of a question narrows the list, a text in any case")
    func admits() {
        let row = self.row("17")
        #expect(self.query().admits(row))
        #expect(self.query { $0.text = "RAINflow/1" }.admits(row) && self.query { $0.text = "Ada" }.admits(row))
        #expect(self.query { $0.text = "FAIL" }.admits(row) && !self.query { $0.text = "succeeded" }.admits(row))
        #expect(
            self.query {
                $0.flow = "TrainFlow"
                $0.user = "ada"
                $0.status = "failed"
            }.admits(row))
        #expect(!self.query { $0.flow = "Train" }.admits(row) && !self.query { $0.user = "Ada" }.admits(row))
        #expect(!self.query { $0.status = "running" }.admits(row))
    }

    @Test("Pages follow each other, and a run that has come since moves none of them")
    func pages() {
        let rows = (1...5).reversed().map { self.row("\($0)") }
        #expect(self.query().view(of: rows).runs.map(\.run) == ["5", "4"])
        let next = self.query { $0.after = RunKey(flow: "TrainFlow", run: "4") }
        #expect(next.view(of: rows).runs.map(\.run) == ["3", "2"])
        #expect(next.view(of: [self.row("6")] + rows).runs.map(\.run) == ["3", "2"])
        #expect(next.view(of: rows).total == 5)
        let last = self.query { $0.after = RunKey(flow: "TrainFlow", run: "1") }
        #expect(last.view(of: rows).runs.isEmpty)
    }
}
