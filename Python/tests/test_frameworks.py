import unittest

from support import Workshop, flow
from muster.task.frameworks import MPI, DeepSpeed, Torch

# Every decorator with Metaflow's parameters, or its extensions', and their defaults.
METAFLOW = {
    "parallel": {},
    "pytorch_parallel": {"master_port": None},
    "torchrun": {"master_port": "3339", "all_nodes_started_timeout": 600, "nproc_per_node": 1},
    "deepspeed": {"all_nodes_started_timeout": 600, "worker_polling_freq": 0.5, "use_sudo": False},
    "mpi": {"all_nodes_started_timeout": 90, "worker_polling_freq": 5},
    "tensorflow": {},
    "metaflow_ray": {
        "main_port": None, "worker_polling_freq": 10, "all_nodes_started_timeout": 90, "heartbeat_timeout": 600,
        "unreachable_timeout": 600, "enable_worker_logs": False, "logging_level": None, "log_style": None,
        "enable_dashboard": False, "dashboard_port": 8265},
    "resources": {"cpu": 1, "gpu": None, "memory": 4096, "disk": None, "shared_memory": None},
    "retry": {"times": 3, "minutes_between_retries": 2},
    "catch": {"var": None, "print_exception": True},
    "timeout": {"seconds": 0, "minutes": 0, "hours": 0},
    "environment": {"vars": {}},
    "secrets": {"sources": [], "role": None, "allow_override": False},
}


class Recorder:
    def __init__(self):
        self.sent = []

    def launch(self, framework, options):
        self.sent.append((framework, options))

    def ask(self, request):
        self.sent.append(request)


class DecoratorTests(unittest.TestCase):
    def test_every_one_has_metaflow_s_parameters_and_defaults(self):
        from muster.decorators.base import STEP_DECORATORS
        self.assertEqual({name: STEP_DECORATORS[name].defaults for name in METAFLOW}, METAFLOW)

    def settings(self, decorator):
        body = f"@step\ndef start(self): self.next(self.work, num_parallel=2)\n{decorator}\n@step\ndef work(self): self.next(self.join)\n"
        with Workshop(flow(body + "@step\ndef join(self, inputs): self.next(self.end)\n")) as workshop:
            manifest = workshop.describe()
            self.assertEqual(manifest["problems"], [])
            return manifest["steps"][1]["settings"]

    def test_each_asks_for_its_framework_with_what_is_written(self):
        for decorator, expected in {
            "@torchrun": {"name": "torchrun", "options": {"processesPerNode": 1}},
            "@torchrun(nproc_per_node='2', master_port='29500')": {"name": "torchrun", "options": {"processesPerNode": 2}},
            "@deepspeed(use_sudo=True)": {"name": "deepspeed", "options": {}},
            "@mpi(all_nodes_started_timeout=5)": {"name": "mpi", "options": {}},
            "@tensorflow": {"name": "tensorflow", "options": {}},
            "@metaflow_ray": {"name": "ray", "options": {"dashboard": False}},
            "@metaflow_ray(enable_dashboard=True, dashboard_port=9000, enable_worker_logs=True)":
                {"name": "ray", "options": {"dashboard": True, "dashboardPort": 9000}},
        }.items():
            with self.subTest(decorator):
                settings = self.settings(decorator)
                self.assertEqual((settings["framework"], settings["isGang"]), (expected, True))

    def test_pytorch_parallel_has_one_port_for_all_nodes_and_another_for_every_attempt(self):
        body = "@step\ndef start(self): self.next(self.work, num_parallel=2)\n@pytorch_parallel\n@step\ndef work(self):\n"
        body += "    self.seen = [os.environ[name] for name in ('MASTER_ADDR', 'NODE_RANK', 'WORLD_SIZE', 'MASTER_PORT')]\n"
        body += "    self.next(self.join)\n@step\ndef join(self, inputs): self.next(self.end)\n"
        seen = []
        for index, attempt in ((0, 0), (1, 0), (0, 1)):
            with Workshop(flow(body)) as workshop:
                seen.append(workshop.step("work", nodes=2, index=index, attempt=attempt).value("seen"))
        self.assertEqual(seen[1][:3], ["127.0.0.9", "1", "2"])
        ports = [int(each[3]) for each in seen]
        self.assertEqual(ports[0], ports[1])
        self.assertNotEqual(ports[0], ports[2])
        self.assertTrue(all(51000 <= port < 61000 for port in ports))


class CallTests(unittest.TestCase):
    def setUp(self):
        self.agent = Recorder()

    def test_a_call_leaves_nothing_behind_for_the_next_one(self):
        torch = Torch(self.agent)
        torch.run(entrypoint="t.py")
        torch.run(entrypoint="t.py", nproc_per_node=2)
        torch.run(entrypoint="t.py")
        self.assertEqual([options.get("processesPerNode") for _, options in self.agent.sent], [None, 2, None])
        DeepSpeed(self.agent).run(deepspeed_args={"master_addr": "10.0.0.1"}, entrypoint="t.py")
        DeepSpeed(self.agent).run(entrypoint="t.py")
        self.assertEqual(
            [options["deepspeedArguments"] for _, options in self.agent.sent[3:]], [["--master_addr", "10.0.0.1"], []])

    def test_mpi_takes_no_arguments_leaves_the_caller_s_alone_and_divides_the_program(self):
        arguments = ["-n", 2]
        MPI(self.agent).run(args=arguments, program="python3 a.py", program_args=["x y"])
        MPI(self.agent).exec(program="./pi")
        MPI(self.agent).cc(args=["-o", "pi", "pi.c"])
        MPI(self.agent).broadcast_file("pi")
        self.assertEqual(arguments, ["-n", 2])
        self.assertEqual(self.agent.sent, [
            ("mpi", {"operation": "run", "arguments": ["-n", "2"], "program": "python3", "programArguments": ["a.py", "x y"]}),
            ("mpi", {"operation": "exec", "arguments": [], "program": "./pi", "programArguments": []}),
            ("mpi", {"operation": "cc", "arguments": ["-o", "pi", "pi.c"]}), {"broadcast": {"path": "pi"}}])

    def test_a_call_without_a_program_says_so(self):
        for call in (Torch(self.agent).run, DeepSpeed(self.agent).run):
            with self.assertRaisesRegex(ValueError, "entrypoint is missing"):
                call()
        with self.assertRaisesRegex(ValueError, "current.mpi.run needs a program"):
            MPI(self.agent).run(args=["-n", 2])
        self.assertEqual(self.agent.sent, [])

    def test_a_step_that_is_no_gang_runs_torchrun_on_its_node(self):
        body = "@step\ndef start(self):\n    TorchrunSingleNodeMultiGPU().run(entrypoint='t.py', entrypoint_args={'a': 1}, nproc_per_node=3)\n    self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            self.assertEqual(workshop.step("start").code, 0)
            self.assertEqual(workshop.agent.requests, [{"framework": {"framework": "torchrun", "options": {
                "entrypoint": "t.py", "arguments": ["--a", "1"], "torchrunArguments": [], "processesPerNode": 3}}}])

    def test_how_many_workers_that_torchrun_has_is_said_once(self):
        body = "@step\ndef start(self):\n    TorchrunSingleNodeMultiGPU().run({'nproc_per_node': 2}, 't.py')\n    self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            self.assertEqual(workshop.step("start").code, 0)
            self.assertEqual(workshop.agent.requests, [{"framework": {"framework": "torchrun", "options": {
                "entrypoint": "t.py", "arguments": [], "torchrunArguments": ["--nproc_per_node", "2"]}}}])

    def test_a_step_that_is_no_gang_runs_deepspeed_on_its_node(self):
        body = "@step\ndef start(self):\n    from metaflow.plugins.deepspeed_libs.executor import DeepspeedExecutor\n"
        body += "    DeepspeedExecutor.for_single_node(self, n_slots=2).run({'module': ''}, 'train', {'a': 1})\n    self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            self.assertEqual(workshop.step("start").code, 0)
            self.assertEqual(workshop.agent.requests, [{"framework": {"framework": "deepspeed", "options": {
                "entrypoint": "train", "arguments": ["--a", "1"], "deepspeedArguments": ["--num_gpus", "2", "--module"]}}}])

    def test_what_the_extensions_of_metaflow_are_called_is_found(self):
        for line in (
                "from metaflow import TorchrunSingleNodeMultiGPU, DeepspeedExecutor",
                "from metaflow.plugins.torchrun_libs.executor import TorchrunExecutor, TorchrunSingleNodeMultiGPU",
                "from metaflow.plugins.torchrun_libs.exceptions import TorchrunException, TorchNotInstalledException",
                "from metaflow.plugins.deepspeed_libs.executor import DeepspeedExecutor",
                "from metaflow.plugins.deepspeed_libs.exceptions import DeepspeedException"):
            with self.subTest(line), Workshop(line + "\n" + flow("@step\ndef start(self): self.next(self.end)\n")) as workshop:
                self.assertEqual(workshop.describe()["problems"], [])

    def test_what_keeps_checkpoints_in_clouds_says_what_else_there_is(self):
        line = "from metaflow.plugins.hf_callbacks import DeepspeedHFTrainerS3Sync\n"
        with Workshop(line + flow("@step\ndef start(self): self.next(self.end)\n")) as workshop:
            self.assertIn("keep it with an artifact", workshop.call("describe").stderr)

    def test_a_failed_launch_is_caught_under_the_extensions_names(self):
        body = "@step\ndef start(self):\n    from metaflow.plugins.torchrun_libs.exceptions import TorchrunException\n"
        body += "    try:\n        TorchrunSingleNodeMultiGPU().run(entrypoint='t.py')\n"
        body += "    except TorchrunException as error:\n        self.seen = str(error)\n    self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            workshop.agent.answer = {"failed": {"failure": {"code": "task.failed", "message": "rank 0 is gone"}}}
            self.assertEqual(workshop.step("start").value("seen"), "rank 0 is gone")


if __name__ == "__main__":
    unittest.main()
