import asyncio
import json
import os
import sys
import tempfile
import types
import unittest
from unittest import mock

import support  # noqa: F401
from muster.runner.deployer import DeployedFlow, Deployer, DeployerError, NBDeployer, inspect_spin
from muster.errors import MusterException
from muster.runner.notebook import NBRunner, NBRunnerInitializationError, source_of
from muster.runner.runner import Runner, RunnerError

# A fake `muster`: prints its arguments, and writes the file that identifies a run.
COMMAND = """#!{python}
import json, os, sys
words = sys.argv[1:]
if words[0] == "show":
    json.dump({{"parameters": [
        {{"name": "names", "kind": {{"string": {{}}}}, "artifact": {{"name": "names", "separator": ","}}}},
        {{"name": "text", "kind": {{"string": {{}}}}}}, {{"name": "table", "kind": {{"json": {{}}}}}}]}}, sys.stdout)
    sys.exit()
print(json.dumps([words, os.getcwd(), os.environ.get("METAFLOW_PROFILE"), os.environ.get("MORE")]))
if "--no-run=1" in words:
    sys.exit("it cannot begin")
with open(words[words.index("--runner-attribute-file") + 1], "w") as file:
    json.dump({{"run_id": "5", "flow_name": "F", "metadata": "local@" + os.getcwd()}}, file)
sys.exit(3 if "--fails=1" in words else 0)
"""


class RunnerTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        self.flow = os.path.join(self.folder, "flow.py")
        command = os.path.join(self.folder, "muster")
        for path, text in ((command, COMMAND.format(python=sys.executable)), (self.flow, "")):
            with open(path, "w") as file:
                file.write(text)
        os.chmod(command, 0o755)
        patch = mock.patch.dict(os.environ, {"MUSTER_COMMAND": command})
        patch.start()
        self.addCleanup(patch.stop)

    def called(self, executing):
        """Returns the arguments of `muster`, without the attribute file."""
        words, *rest = json.loads(executing.stdout)
        place = words.index("--runner-attribute-file")
        return words[:place] + words[place + 2:], rest

    def test_every_option_that_metaflow_s_takes_is_taken(self):
        runner = Runner(
            self.flow, show_output=False, profile="mine", env={"MORE": "more"}, cwd=self.folder, file_read_timeout=60,
            pylint=False, quiet=True, metadata="local", datastore="local", datastore_root="/s", environment="pypi",
            package_suffixes=".txt", event_logger="nullSidecarLogger", monitor="nullSidecarMonitor", decospecs=["retry"],
            force_rebuild_environments=False, config=[("c", "c.json")], config_value=[("d", {"x": 1})], branch=None)
        with runner:
            executing = runner.run(
                alpha=0.5, flag=True, tags=["a", "b"], max_workers=4, decospecs=["catch"], user_namespace="user:x",
                max_num_splits=3, run_id_file="id", nothing=None, path="p")
            words, (folder, profile, more) = self.called(executing)
            self.assertEqual(words[:3], ["run", "--program", self.flow])
            front = [word.replace("--flow-option=", "") for word in words[3:-12]]
            self.assertEqual(front, [
                "--environment", "pypi", "--with", "retry", "--config", "c", "c.json", "--config-value", "d", '{"x": 1}'])
            self.assertEqual(words[-12:], [
                "--alpha=0.5", "--flag=true", "--tag=a", "--tag=b", "--max-workers=4", "--with=catch", "--namespace=user:x",
                "--max-num-splits=3", "--run-id-file=id", "--path=p", "--store", "/s"])
            self.assertEqual((folder, profile, more), (self.folder, "mine", "more"))
            self.assertEqual((executing.status, executing.returncode), ("successful", 0))

    def test_resuming_has_options_of_its_own(self):
        executing = Runner(self.flow, show_output=False).resume("train", origin_run_id="3", run_id="again", clone_only=True)
        self.assertEqual(self.called(executing)[0], [
            "resume", "--program", self.flow, "train", "--origin-run-id=3", "--run-id=again", "--clone-only"])

    def test_lists_and_dicts_are_given_as_the_parameter_is(self):
        executing = Runner(self.flow, show_output=False).run(names=["x", "y"], table={"a": [1]})
        self.assertEqual(self.called(executing)[0][3:], ["--names=x,y", '--table={"a": [1]}'])
        with self.assertRaisesRegex(TypeError, "the parameter text cannot be .*: it is a string"):
            Runner(self.flow).run(text=["x"])

    def test_what_does_not_fit_is_refused_as_by_metaflow(self):
        for error, options, given in (
                (ValueError, {"pylnt": False}, {}), (TypeError, {"decospecs": "retry"}, {}), (TypeError, {}, {"tags": "a"}),
                (TypeError, {}, {"max_workers": "4"}), (RuntimeError, {"metadata": "service"}, {}),
                (RuntimeError, {"environment": "uv"}, {}), (RuntimeError, {}, {"no-run": 1})):
            with self.subTest(options=options, given=given), self.assertRaises(error):
                Runner(self.flow, show_output=False, **options).run(**given)
        with self.assertRaises(FileNotFoundError):
            Runner(self.flow + "x")
        with self.assertRaisesRegex(ValueError, "did you mean pylint"):
            Runner(self.flow, pylnt=True)
        with self.assertRaisesRegex(RunnerError, "did not begin .*\n.*it cannot begin"):
            Runner(self.flow, show_output=False).run(**{"no-run": 1})

    def test_a_run_that_fails_is_there_and_what_is_known_of_it_is_left_where_it_is_wanted(self):
        runner = Runner(self.flow, show_output=False, cwd=self.folder)
        executing = runner.run(fails=1, runner_attribute_file="known")
        self.assertEqual((executing.status, executing.returncode), ("failed", 3))
        with open(os.path.join(self.folder, "known")) as file:
            self.assertEqual(json.load(file)["flow_name"], "F")
        runner.cleanup()
        self.assertEqual((executing._key()["run_id"], executing.status), ("5", "failed"))

    def test_spin_and_deployers_say_what_there_is_instead(self):
        runner = Runner(self.flow)
        with self.assertRaisesRegex(RunnerError, r"there is no spin.*runner.resume\('STEP'"):
            runner.spin("1/start/1")
        with self.assertRaisesRegex(RunnerError, "there is no spin"):
            asyncio.run(runner.async_spin("1/start/1"))
        with self.assertRaisesRegex(MusterException, "there is no spin"):
            inspect_spin("x")
        for make, says in (
                (lambda: Deployer("flow.py"), r"there is no Deployer: .*Runner\(FLOW_FILE\).run\(\)"),
                (lambda: NBDeployer(object), r"there is no NBDeployer: .*NBRunner\(FLOW\).nbrun\(\)"),
                (lambda: DeployedFlow.from_deployment("x"), "there is no DeployedFlow"),
                (lambda: DeployedFlow.list_deployed_flows(), "there is no DeployedFlow")):
            with self.assertRaisesRegex(DeployerError, says):
                make()


CELL = """%%time
!ls
import os
class Mine(FlowSpec):
    pass
class Other(Mine): x = 1
run = NBRunner(Mine).nbrun()"""


class Mine:
    pass


class NotebookTests(unittest.TestCase):
    setUp, called = RunnerTests.setUp, RunnerTests.called

    def shell(self, cell):
        shell = types.SimpleNamespace(history_manager=types.SimpleNamespace(input_hist_raw=["", cell]))
        return mock.patch.dict(sys.modules, {"IPython": types.SimpleNamespace(get_ipython=lambda: shell)})

    def test_a_cell_becomes_a_program_whose_lines_are_the_cell_s(self):
        source = source_of("Mine", CELL)
        self.assertEqual(source.splitlines()[:5], ["# %%time", "# !ls", "import os", "class Mine(FlowSpec):", "    pass"])
        self.assertTrue(source.endswith("\n\n\nif __name__ == '__main__':\n    Mine()\n"))
        self.assertIn("class Other(Mine): x = 1\n", source_of("Other", CELL))
        with self.assertRaisesRegex(NBRunnerInitializationError, "the flow Gone is not in this cell"):
            source_of("Gone", CELL)
        with self.assertRaisesRegex(NBRunnerInitializationError, "line 1"):
            source_of("Mine", "class Mine(")

    def test_the_flow_of_the_cell_runs_in_the_folder_and_leaves_no_file(self):
        with self.shell(CELL):
            runner = NBRunner(Mine, show_output=False, base_dir=self.folder, env={"MORE": "x"}, pylint=False)
            words, (folder, _, more) = self.called(runner.run(alpha=1, tags=["t"]))
            self.assertEqual((os.path.dirname(words[2]), folder, more), (self.folder, self.folder, "x"))
            self.assertEqual(words[3:], ["--alpha=1", "--tag=t"])
            with open(words[2]) as file:
                self.assertEqual(file.read(), source_of("Mine", CELL))
            runner.cleanup()
            self.assertEqual(sorted(os.listdir(self.folder)), ["flow.py", "muster"])
            with self.assertRaises(RunnerError):
                NBRunner(Mine, show_output=False, base_dir=self.folder).nbrun(**{"no-run": 1})
            self.assertEqual(sorted(os.listdir(self.folder)), ["flow.py", "muster"])

    def test_outside_of_a_notebook_it_says_so(self):
        for module in (None, types.SimpleNamespace(get_ipython=lambda: None)):
            with mock.patch.dict(sys.modules, {"IPython": module}):
                with self.assertRaisesRegex(NBRunnerInitializationError, r"Runner\('flow.py'\) runs a file"):
                    NBRunner(Mine)


if __name__ == "__main__":
    unittest.main()
