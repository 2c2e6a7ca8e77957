import Foundation
import MusterModel
import Testing

@testable import MusterCommandLine

@Suite struct SettingsTests {
    /// A home and a flow's folder, removed with the value.
    private final class Folders {
        let root = NSTemporaryDirectory() + "settings-\(UInt32.random(in: 0...UInt32.max))"
        var flow: String { "\(self.root)/flow" }
        var home: String { "\(self.root)/home" }

        func write(_ text: String, to path: String) throws {
            let path = "\(self.root)/\(path)"
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(filePath: path))
        }

        func read(_ variables: [String: String] = [:], given: [String: GivenSetting] = [:]) throws -> ResolvedSettings {
            try SettingsReader(environment: ["HOME": self.home].merging(variables) { $1 }, folder: "/here")
                .read(flowFolder: self.flow, given: given)
        }

        deinit { try? FileManager.default.removeItem(atPath: self.root) }
    }

    @Test("An option counts before a variable, then the flow's file, the user's, and Metaflow's variable and file")
    func order() throws {
        let folders = Folders()
        let config = "home/.metaflowconfig/config.json"
        try folders.write("{\n  \"METAFLOW_X\": {\"y\": [1]},\n  \"METAFLOW_RUN_MAX_WORKERS\": 6\n}\n", to: config)
        var variables: [String: String] = [:]
        var given: [String: GivenSetting] = [:]
        func check(_ workers: Int, _ origin: String) throws {
            let resolved = try folders.read(variables, given: given)
            #expect(resolved.settings.run.maxWorkers == workers)
            #expect(resolved.origins["run.max-workers"]?.description == origin)
        }
        try check(6, "\(folders.root)/\(config):3")
        variables["METAFLOW_RUN_MAX_WORKERS"] = "5"
        try check(5, "METAFLOW_RUN_MAX_WORKERS")
        try folders.write("# mine\nrun:\n  max-workers: 4\n", to: "home/.config/muster/config.yaml")
        try check(4, "\(folders.home)/.config/muster/config.yaml:3")
        try folders.write("run.max-workers: 3\n", to: "flow/muster.yaml")
        try check(3, "\(folders.flow)/muster.yaml:1")
        variables["MUSTER_RUN_MAX_WORKERS"] = "2"
        try check(2, "MUSTER_RUN_MAX_WORKERS")
        given["run.max-workers"] = .option("--max-workers", "1")
        try check(1, "--max-workers")
    }

    @Test("Without any of these everything has its default")
    func defaults() throws {
        let resolved = try Folders().read()
        #expect(resolved.settings == Settings())
        #expect(resolved.origins.isEmpty)
    }

    @Test(
        "What is wrong in a file is refused with its line",
        arguments: [
            ("gang:\n  grace: soon", 2, "gang.grace is 'soon'; it has to be a number of seconds, 0 or more"),
            (
                "gang.hartbeat-timeout: 9", 1,
                "no setting 'gang.hartbeat-timeout' (did you mean 'gang.heartbeat-timeout'?)"
            ),
            ("\nnothing: 1", 2, "no setting 'nothing'"), ("nothing:\n  at: 1", 1, "no setting 'nothing'"),
            ("gang: 1", 1, "gang is no setting, but holds some"),
            ("store:\n  size: 1", 1, "store is one setting, and holds no others"),
            ("run.serve: maybe", 1, "run.serve is 'maybe'; it has to be true or false"),
            ("run.max-workers: 0", 1, "run.max-workers is '0'; it has to be a whole number, 1 or more"),
            ("run.max-workers: [1]", 1, "run.max-workers has to be a whole number, 1 or more"),
            ("user:", 1, "user has to be a text of one line"),
            ("machine.memory: much", 1, "machine.memory is 'much'; it has to be an amount of memory"),
            ("log.level: loud", 1, "log.level is 'loud'; it has to be one of trace, debug"),
            (
                "gang.heartbeat-interval: 2.5", 1,
                "it has to be less than half of gang.heartbeat-timeout, which is 5.0 s"
            ),
            ("user: a\nuser: b", 1, "user is set twice"),
            ("gang.grace: 1\ngang: {grace: 2}", 2, "gang.grace is set twice"),
            ("- user", 1, "settings are written as `key: value`"), ("user: [\n", 2, "did not find expected node"),
        ])
    func refused(text: String, line: Int, problem: String) throws {
        let folders = Folders()
        try folders.write(text, to: "flow/muster.yaml")
        let error = #expect(throws: CommandFailure.self) { try folders.read() }
        let message = try #require(error?.message)
        #expect(message.hasPrefix("\(folders.flow)/muster.yaml:\(line): "), "\(message)")
        #expect(message.contains(problem), "\(message)")
        #expect(error?.reason == .usage)
    }

    @Test("A variable of the wrong kind is refused by its name, and an empty one is none")
    func variables() throws {
        let folders = Folders()
        let error = #expect(throws: CommandFailure.self) { try folders.read(["MUSTER_LOG": "loud"]) }
        #expect(error?.message.hasPrefix("MUSTER_LOG is 'loud'; it has to be one of trace, debug") == true)
        #expect(try folders.read(["MUSTER_LOG": "", "MUSTER_GANG_GRACE": "0"]).settings.gang.grace == 0)
    }

    @Test("Paths belong to the folder of their file, those of variables and options to the current folder")
    func paths() throws {
        let folders = Folders()
        try folders.write("store: ../runs\nprograms.uv: uv\ncache: ~/cache\n", to: "flow/muster.yaml")
        let resolved = try folders.read(["MUSTER_AGENT": "bin/agent"])
        #expect(resolved.settings.store == "\(folders.flow)/../runs")
        #expect(resolved.settings.programs.uv == "uv")
        #expect(resolved.settings.programs.agent == "/here/bin/agent")
        #expect(resolved.variables["MUSTER_STORE"] == resolved.settings.store)
        #expect(resolved.variables["MUSTER_UV"] == "uv")
        #expect(resolved.variables["MUSTER_AGENT"] == nil)
    }

    @Test("Metaflow's profile and home name its file, and its decorators are a list of words")
    func metaflow() throws {
        let folders = Folders()
        try folders.write(#"{"METAFLOW_DEFAULT_DECOSPECS": "retry:times=2 timeout"}"#, to: "mf/config_team.json")
        let resolved = try folders.read(["METAFLOW_HOME": "\(folders.root)/mf", "METAFLOW_PROFILE": "team"])
        #expect(resolved.settings.run.decorators == ["retry:times=2", "timeout"])
        #expect(try folders.read(["METAFLOW_HOME": "\(folders.root)/mf"]).settings.run.decorators == [])
    }

    @Test("A store is a folder or a bucket; an address of anything else is refused")
    func stores() throws {
        let home = Folders()
        #expect(try home.read(["MUSTER_STORE": "s3://bucket/a/b/"]).settings.store == "s3://bucket/a/b/")
        #expect(try home.read(["MUSTER_STORE": "some/folder"]).settings.store?.hasSuffix("/some/folder") == true)
        for text in [
            "gs://bucket", "s3://", "s3:///x", "s3://bucket/../x", "s3://bucket/a b", "S3://bucket", "http://x",
        ] {
            #expect(throws: CommandFailure.self, "\(text)") { try home.read(["MUSTER_STORE": text]) }
        }
        let addresses = [
            "s3://b": "s3://b", "s3://b/": "s3://b", "s3://b//x///y/": "s3://b/x/y", "s3://b/ü": "s3://b/ü",
        ]
        for (text, address) in addresses { #expect(BucketAddress(text)?.description == address) }
    }

    @Test("Metaflow's own bucket is the store where its kind of store is s3, and nowhere else")
    func metaflowBucket() throws {
        let home = Folders()
        let root = ["METAFLOW_DATASTORE_SYSROOT_S3": "s3://bucket/flows"]
        #expect(try home.read(root).settings.store == nil)
        #expect(try home.read(root.merging(["METAFLOW_DEFAULT_DATASTORE": "local"]) { $1 }).settings.store == nil)
        let both = root.merging(["METAFLOW_DEFAULT_DATASTORE": "s3"]) { $1 }
        #expect(try home.read(both).settings.store == "s3://bucket/flows")
        #expect(try home.read(both.merging(["MUSTER_STORE": "/mine"]) { $1 }).settings.store == "/mine")
        #expect(try home.read(["METAFLOW_DEFAULT_DATASTORE": "s3"]).settings.store == nil)
    }

    @Test(
        "A deployment of Metaflow says all that AWS Batch needs, and what is for one place goes before what is for all")
    func metaflowBatch() throws {
        let home = Folders()
        let common = [
            "METAFLOW_BATCH_JOB_QUEUE": "gpus", "METAFLOW_ECS_S3_ACCESS_IAM_ROLE": "arn:role",
            "METAFLOW_DEFAULT_CONTAINER_IMAGE": "team/train:1",
            "METAFLOW_DEFAULT_CONTAINER_REGISTRY": "registry.example",
        ]
        let batch = try home.read(common).settings.batch
        #expect(batch.queue == "gpus" && batch.jobRole == "arn:role")
        #expect(batch.image == "team/train:1" && batch.registry == "registry.example")
        let own = ["METAFLOW_BATCH_CONTAINER_IMAGE": "team/batch:2"]
        #expect(try home.read(common.merging(own) { $1 }).settings.batch.image == "team/batch:2")
    }

    @Test("XDG_CONFIG_HOME names the folder of the user's file")
    func xdg() throws {
        let folders = Folders()
        try folders.write("user: ada\n", to: "xdg/muster/config.yaml")
        #expect(try folders.read(["XDG_CONFIG_HOME": "\(folders.root)/xdg"]).settings.user == "ada")
        #expect(try folders.read(["XDG_CONFIG_HOME": "xdg"]).settings.user == nil)
    }

    @Test("A list and a text are the same words")
    func words() throws {
        let folders = Folders()
        try folders.write("run.with:\n  - retry:times=2\n  - 'environment:vars={\"a\": 1}'\n", to: "flow/muster.yaml")
        #expect(try folders.read().settings.run.decorators == ["retry:times=2", "environment:vars={\"a\": 1}"])
        try folders.write("run.with: retry catch\n", to: "flow/muster.yaml")
        #expect(try folders.read().settings.run.decorators == ["retry", "catch"])
    }

    @Test("Every key has a name and a variable of its own, and takes its own default as it is printed")
    func keys() {
        #expect(Set(SettingKeys.all.map(\.name)).count == SettingKeys.all.count)
        #expect(Set(SettingKeys.all.map(\.variable)).count == SettingKeys.all.count)
        for key in SettingKeys.all {
            #expect(!SettingKeys.isGroup(key.name), "\(key.name) is a group too")
            var settings = Settings()
            if let text = key.field.text(in: settings) {
                #expect(key.field.take(text, base: "/", into: &settings), "\(key.name)")
            }
            #expect(settings == Settings(), "\(key.name)")
        }
    }

    @Test("The table of the documentation is the one that is made from the keys")
    func table() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "Documentation/Settings.md"), encoding: .utf8)
        #expect(page.contains(SettingsTable.markdown), "put what `muster config --table` prints into Settings.md")
    }

    @Test("A Python file's folder, a folder, a package around a program, and the current one may hold muster.yaml")
    func flowFolder() throws {
        let folders = Folders()
        for file in ["a/flow.py", "b/Package.swift", "b/.build/debug/program", "c/program"] {
            try folders.write("", to: file)
        }
        let found = { SettingsPlace.folder(of: $0, in: "\(folders.root)/b") }
        #expect(found("../a/flow.py") == "\(folders.root)/b/../a")
        #expect(found(folders.root + "/a") == folders.root + "/a")
        #expect(found(".build/debug/program") == folders.root + "/b")
        #expect(found(folders.root + "/c/program") == folders.root + "/c")
        #expect(found("product") == folders.root + "/b")
        #expect(found(nil) == folders.root + "/b")
    }
}
