import os
import unittest
from unittest import mock

from support import Workshop, flow

STEPS = "@step\ndef start(self):\n    {}\n    self.next(self.own)\n@pypi(packages={{'b': '2'}})\n@step\ndef own(self): self.next(self.end)\n"


class FlowDecoratorTests(unittest.TestCase):
    def source(self, decorators, line="pass"):
        return flow(STEPS.format(line)).replace("class TestFlow", f"{decorators}\nclass TestFlow")

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

    def test_what_is_for_other_places_is_recorded_and_a_hook_that_is_not_called_is_said(self):
        decorators = "@exit_hook(on_error=[print])\n@schedule(hourly=True)\n@trigger(event='e')\n@trigger_on_finish(flow='Other')"
        with Workshop(self.source(decorators)) as workshop:
            manifest = workshop.describe()
            self.assertEqual(
                {each["name"] for each in manifest["decorators"]}, {"exit_hook", "schedule", "trigger", "trigger_on_finish"})
            self.assertEqual(manifest["notes"], ["the functions of @exit_hook are not called when a run is over"])
            self.assertEqual(workshop.step("start").code, 0)

    def test_a_wrong_project_is_refused(self):
        with Workshop(self.source("@project(name='No Name')", "current.project_name")) as workshop:
            self.assertIn("@project: name is 'No Name'; it has to be 1 to 128 small letters", workshop.step("start").error)


if __name__ == "__main__":
    unittest.main()
