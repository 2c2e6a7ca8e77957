import Foundation
import MusterProcess
import Testing

/// What readers of Metaflow's tutorials type, with flows in their manner: from a folder of their own, by `python FLOW.py`.
@Suite(.serialized, .timeLimit(.minutes(10))) struct TutorialTests {
    private let sandbox: Sandbox
    private var folder: String { "\(self.sandbox.folder)/tutorials" }

    init() throws {
        self.sandbox = try Sandbox()
        try FileManager.default.copyItem(
            atPath: "\(PythonFlowTests.root)/Tests/PythonFlows/tutorials", toPath: "\(self.sandbox.folder)/tutorials")
    }

    /// What `python3 LINE`, typed in the folder above the flows, prints. It has to succeed.
    private func python(_ line: String) async throws -> String {
        let places = "\(PythonFlowTests.root)/Python:\(PythonFlowTests.root)/Python/muster/shim"
        let finished = try await self.sandbox.shell(
            "python3 \(line)",
            environment: [
                "PYTHONPATH": places, "MUSTER_COMMAND": "\(Sandbox.programs)/muster", "METAFLOW_USER": "reader",
            ])
        #expect(finished.status == .exited(0), "\(line): \(finished)")
        return finished.all
    }

    @Test("A first flow is shown with its steps and runs")
    func hello() async throws {
        let shown = try await self.python("tutorials/hello.py show")
        #expect(
            shown.contains("Says hello in three steps.")
                && shown.contains("Every flow begins with a step called start."))
        #expect(try await self.python("tutorials/hello.py run").contains("Hello from a step!"))
    }

    @Test("A file comes in from beside the flow, wherever it is started, and parameters from the command line")
    func playlist() async throws {
        let first = try await self.python("tutorials/playlist.py run")
        #expect(
            first.contains("Playlist for movies in genre 'Sci-Fi'") && first.contains("Pick 5:")
                && !first.contains("Pick 6:"))
        let second = try await self.python("tutorials/playlist.py run --genre comedy --recommendations 2")
        #expect(second.contains("genre 'comedy'") && second.contains("Pick 2:") && !second.contains("Pick 3:"))
    }

    @Test(
        "One flow goes on with what another has left, a step has a package of its own, and a notebook looks at all of it"
    )
    func statistics() async throws {
        #expect(
            try await self.python("tutorials/stats.py run --max-workers 4").contains("Computing statistics for Sci-Fi"))
        let plus = try await self.python("tutorials/plus.py --environment=conda run --hint 'The Planner Release'")
        #expect(plus.contains("Using analysis from 'Run('MovieStatsFlow/"), "\(plus)")
        #expect(plus.contains("Bonus Pick: 'The Planner, Released' from 'Comedy|Sci-Fi'"), "\(plus)")
        #expect(try await self.python("tutorials/cloud.py run").contains("Muster says: Hi from the cloud!"))
        let seen = try await self.python("tutorials/notebook.py")
        #expect(seen.contains("The last movie: \"The Planner, Released\",2015,Comedy|Sci-Fi,12345678"), "\(seen)")
        for flow in ["HelloCloudFlow   ", "MovieStatsFlow   ", "PlaylistPlusFlow "] {
            #expect(seen.contains("\(flow) Last run: True Successful: True"), "\(seen)")
        }
        #expect(seen.contains("Run id: True, Successful: True, Tags: True"), "\(seen)")
    }
}
