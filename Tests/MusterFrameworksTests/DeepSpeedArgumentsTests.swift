import Testing

@testable import MusterFrameworks

@Suite struct DeepSpeedArgumentsTests {
    @Test("What the agents do themselves is understood, with a space or `=`")
    func understood() throws {
        let spaced = try DeepSpeedArguments(["--num_gpus", "2", "--num_nodes", "3", "--master_port", "29501"], size: 3)
        #expect(
            spaced
                == (try DeepSpeedArguments(["--num_accelerators=2", "--num_nodes=3", "--master_port=29501"], size: 3)))
        #expect(spaced.processesPerNode == 2)
        #expect(spaced.masterPort == 29501)
        #expect(spaced.foreign == nil)
        let flags = try DeepSpeedArguments(["--module", "--no_local_rank", "--force_multi"], size: 1)
        #expect(flags.isModule && flags.withoutLocalRank && !flags.withoutPython && flags.foreign == nil)
        #expect(try DeepSpeedArguments(["--no_python"], size: 1).withoutPython)
    }

    @Test(
        "What only the real runner does makes it run, values of their own included",
        arguments: [
            ["--bind_cores_to_rank"], ["-i", "host@host"], ["--include=a"], ["--enable_each_rank_log", "logs"],
            ["--log_level", "debug"], ["--elastic_training"], ["--something_new", "7"], ["--save_pid"], ["-q"],
        ])
    func foreign(arguments: [String]) throws {
        let parsed = try DeepSpeedArguments(arguments + ["--num_gpus=2"], size: 1)
        #expect(parsed.foreign == arguments[0].split(separator: "=").first.map(String.init))
        #expect(parsed.processesPerNode == 2)
    }

    @Test(
        "What cannot be is refused by name",
        arguments: [
            (["--hostfile", "hosts"], "--hostfile is set by Muster"), (["-H", "hosts"], "-H is set"),
            (["--master_addr=x"], "--master_addr"), (["--node_rank", "1"], "--node_rank"), (["--no_ssh"], "--no_ssh"),
            (["--launcher", "pdsh"], "--launcher"),
            (["--num_nodes", "3"], "--num_nodes 3 does not fit this gang of 2"),
            (["--num_gpus"], "--num_gpus must be a whole number"), (["--num_gpus", "0"], "not '0'"),
            (["--num_gpus=many"], "'many'"), (["--master_port=70000"], "'70000'"), (["--module=x"], "takes no value"),
            (["--module", "--no_python"], "exclude each other"),
            (["train.py"], "'train.py' is not an option of deepspeed"),
            (["--module", "train"], "'train' is not an option"), (["--"], "'--' is not an option"),
            (["--save_pid", "x"], "'x' is not an option"),
        ])
    func invalid(arguments: [String], message: String) throws {
        let error = try #require(throws: FrameworkError.self) { try DeepSpeedArguments(arguments, size: 2) }
        #expect(error.message.contains(message), "\(error.message)")
    }
}
