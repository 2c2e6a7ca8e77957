import os
import unittest
from unittest import mock

from support import Workshop, flow

STEPS = "@step\ndef start(self):\n    {}\n    self.next(self.own)\n@pypi(packages={{'b': '2'}})\n@step\ndef own(self): self.next(self.end)\n"


class FlowDecoratorTests(unittest.TestCase):
    def source(self, decorators, line="pass"):
        return flow(STEPS.format(line)).replace("class TestFlow", f"{decorators}\nclass TestFlow")

    def test_what_is_packaged_is_the_flow_s_folder_and_sources_outside_of_it_are_named(self):
        decorators = "@package_sources(['data', ('../../shared', 'shared'), '/srv/lib'], suffixes='.txt')"
        with Workshop(self.source(decorators)) as workshop:
            (note,) = workshop.describe()["notes"]
            self.assertIn("@package_sources: ../../shared, /srv/lib lie outside of the flow's folder", note)
        head = "from metaflow.plugins.package_suffixes_mutator import package_suffixes\n"
        with Workshop(head + self.source("@package_suffixes(['.yaml'])\n@package_sources('data')")) as workshop:
            manifest = workshop.describe()
            self.assertEqual((manifest["notes"], [each["name"] for each in manifest["decorators"]]), ([], ["package_suffixes", "package_sources"]))

    def test_packages_of_the_flow_are_those_of_every_step_without_its_own(self):
        with Workshop(self.source("@pypi_base(packages={'a': '1'}, python='3.11')")) as workshop:
            packages = {step["name"]: step["settings"]["python"] for step in workshop.describe()["steps"]}
            self.assertEqual(packages["start"], {"packages": ["a==1"], "python": "3.11"})
            self.assertEqual(packages["own"], {"packages": ["b==2"]})
            local = workshop.describe("--environment", "local")
            self.assertFalse([step for step in local["steps"] if "python" in step["settings"]])

    def test_a_project_names_its_branch_as_metaflow_does(self):
        line = "self.seen = (current.project_name, current.branch_name, current.is_production, current.project_flow_name)"
        with mock.patch.dict(os.environ, {"USER": "ann", "LOGNAME": "ann"}):
            with Workshop(self.source("@project(name='demo')", line)) as workshop:
                cases = {
                    (): ("demo", "user.ann", False, "demo.user.ann.TestFlow"),
                    ("--branch", "b"): ("demo", "test.b", False, "demo.test.b.TestFlow"),
                    ("--production",): ("demo", "prod", True, "demo.prod.TestFlow"),
                    ("--production", "--branch", "b"): ("demo", "prod.b", True, "demo.prod.b.TestFlow"),
                }
                for front, expected in cases.items():
                    kept = workshop.describe(*front)["program"][3:]
                    self.assertEqual(workshop.step("start", front=kept).value("seen"), expected)

    def test_what_is_for_other_places_is_recorded(self):
        decorators = "@schedule(hourly=True)\n@trigger(event='e')\n@trigger_on_finish(flow='Other')"
        with Workshop(self.source(decorators)) as workshop:
            manifest = workshop.describe()
            self.assertEqual(
                {each["name"] for each in manifest["decorators"]}, {"schedule", "trigger", "trigger_on_finish"})
            self.assertEqual(manifest["notes"], [])
            self.assertNotIn("hooks", manifest)
            self.assertEqual(workshop.step("start").code, 0)

    def test_hooks_are_called_with_the_run_where_they_take_it_and_one_that_fails_keeps_no_other(self):
        functions = """
def plain(): print("plain")
def failing(): raise ValueError("no")
def taking(run, more=1): print("taking", run)
def anything(**given): print("anything", given["run"])
"""
        decorators = "@exit_hook(on_success=[failing, 'taking', anything])\n@exit_hook(on_success=[plain], on_error=['os.getpid', plain])"
        source = self.source(decorators).replace("class TestFlow", "class TestFlow", 1).replace("@exit_hook", f"{functions}@exit_hook", 1)
        # There is no store to read the run from.
        source = source.replace("from metaflow import *", "from metaflow import *\nimport muster.client\nmuster.client.Run = lambda path, **_: path")
        with Workshop(source) as workshop:
            manifest = workshop.describe()
            self.assertTrue(manifest["hooks"])
            self.assertEqual(manifest["decorators"][0]["options"]["on_success"], ["failing", "taking", "anything"])
            done = workshop.call("hooks", "succeeded", "TestFlow/7")
            self.assertEqual(done.stdout.splitlines(), ["plain", "taking TestFlow/7", "anything TestFlow/7"])
            self.assertIn("the exit hook failing has failed, which changes nothing about the run:", done.stderr)
            self.assertNotIn("muster/", done.stderr)
            self.assertEqual(done.returncode, 0)
            self.assertEqual(workshop.call("hooks", "cancelled", "TestFlow/7").stdout, "plain\n")

    def test_a_wrong_hook_is_refused_before_a_run(self):
        cases = {"": "it needs on_success or on_error", "on_error=[3]": "on_error has 3; it holds functions",
                 "on_success=['nobody']": "there is no function 'nobody' in the flow's file"}
        for options, message in cases.items():
            with Workshop(self.source(f"@exit_hook({options})")) as workshop:
                done = workshop.call("describe")
                self.assertEqual(done.returncode, 1)
                self.assertIn(message, done.stderr)

    def test_a_wrong_project_is_refused(self):
        with Workshop(self.source("@project(name='No Name')", "current.project_name")) as workshop:
            self.assertIn("@project: name is 'No Name'; it has to be 1 to 128 small letters", workshop.step("start").error)


if __name__ == "__main__":
    unittest.main()
