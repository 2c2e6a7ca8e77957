import json
import os
import unittest
from unittest import mock

from support import Workshop, flow


class CurrentTests(unittest.TestCase):
    def seen(self, line, decorators="", step="start", **task):
        body = f"alpha = Parameter('alpha', default=1)\n{decorators}\n@step\ndef start(self):\n    self.seen = {line}\n    self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            outcome = workshop.step(step, parameters={"alpha": "1"}, **task)
            return outcome.value("seen") if outcome.code == 0 else outcome.error

    def test_it_knows_the_flow_s_parameters_and_graph(self):
        self.assertEqual(self.seen("current.parameter_names"), ["alpha"])
        self.assertEqual(
            self.seen("(current.graph['graph_structure'], [step['type'] for step in current.graph['steps'].values()])"),
            (["start", "end"], ["start", "end"]))

    def test_its_tags_are_a_set_of_those_that_the_run_was_started_with(self):
        self.assertEqual(self.seen("current.tags | {'more'}", tags=["a", "b"]), {"a", "b", "more"})

    def test_it_can_be_asked_like_a_dict(self):
        self.assertEqual(self.seen("('run_id' in current, 'card' in current, current.get('step_name'), current.get('card', 0))"),
                         (True, False, "start", 0))

    def test_what_a_step_does_not_have_says_how_it_would(self):
        for line, expected in {
            "current.parallel": "step start is no gang, so there is no current.parallel; put @parallel on it",
            "current.torch": "step start has no @torchrun, so there is no current.torch",
            "current.deepspeed": "step start has no @deepspeed", "current.mpi": "step start has no @mpi",
            "current.card": "step start has no @card, so there is no current.card; put @card on it",
        }.items():
            self.assertIn(expected, self.seen(line))

    def test_outside_of_a_step_nobody_runs(self):
        from muster import current
        self.assertFalse(current.is_running_flow)
        self.assertEqual((current.run_id, current.pathspec, current.task), (None, None, None))
        with self.assertRaisesRegex(AttributeError, "no step runs in this process"):
            current.parallel

    def test_a_module_that_runs_before_its_step_finds_nobody_running(self):
        source = flow("@step\ndef start(self):\n    self.seen = BEFORE\n    self.next(self.end)\n")
        source = source.replace("class TestFlow", "BEFORE = (current.run_id, current.is_running_flow)\n\n\nclass TestFlow")
        with Workshop(source) as workshop:
            self.assertEqual(workshop.step("start").value("seen"), (None, False))

    PROJECT = (
        "made = Parameter('made', default=lambda context: f'{current.project_name} {current.branch_name}')\n"
        "@step\ndef start(self):\n"
        "    self.seen = (self.made, current.project_flow_name, current.is_user_branch, current.is_production)\n"
        "    self.next(self.end)\n")

    def test_a_project_is_known_to_parameters_and_steps_and_is_in_the_run_s_tags(self):
        source = flow(self.PROJECT).replace("class TestFlow", "@project(name='demo')\nclass TestFlow")
        for front, environment, branch in (
                ((), {}, "user.somebody"), (("--branch", "b"), {}, "test.b"), (("--production",), {}, "prod"),
                ((), {"METAFLOW_BRANCH": "b", "METAFLOW_PRODUCTION": "True"}, "prod.b"),
                (("--branch", "a"), {"METAFLOW_BRANCH": "b"}, "test.a")):
            with self.subTest(branch), Workshop(source) as workshop:
                environment = {"METAFLOW_USER": "somebody", "MUSTER_USER": "", **environment}
                done = workshop.call("describe", front=front, environment=environment)
                self.assertEqual(done.returncode, 0, done.stderr)
                manifest = json.loads(done.stdout)
                self.assertEqual(manifest["systemTags"][-2:], ["project:demo", f"project_branch:{branch}"])
                self.assertEqual(manifest["parameters"][0]["defaultValue"], f"demo {branch}")
                with mock.patch.dict(os.environ, {"METAFLOW_USER": "somebody", "MUSTER_USER": ""}):
                    seen = workshop.step("start", front=manifest["program"][3:], parameters={"made": "x"}).value("seen")
                self.assertEqual(seen, ("x", f"demo.{branch}.TestFlow", "user" in branch, "prod" in branch))

    def test_a_branch_that_is_written_and_given_is_refused(self):
        source = flow(self.PROJECT).replace("class TestFlow", "@project(name='demo', branch='a')\nclass TestFlow")
        with Workshop(source) as workshop:
            self.assertIn("branch is 'a' here and 'b' where the flow was started", workshop.call("describe", front=["--branch", "b"]).stderr)

    RAY = (
        "@step\ndef start(self): self.next(self.work, num_parallel=2)\n@metaflow_ray\n@step\ndef work(self):\n"
        "    self.seen = current.ray_storage_path\n    self.next(self.join)\n"
        "@step\ndef join(self, inputs):\n    self.seen = current.ray_storage_path\n    self.next(self.end)\n")

    def test_what_ray_keeps_is_in_the_store_and_found_again_at_the_join(self):
        with Workshop(flow(self.RAY)) as workshop:
            work = workshop.step("work", nodes=2, attempt=1)
            path = work.value("seen")
            self.assertEqual(path, os.path.join(workshop.store, "runs/TestFlow/7/ray-storage/work/1.1"))
            self.assertTrue(os.path.isdir(path))
            self.assertEqual(workshop.step("join", [work]).value("seen"), path)

    def test_of_a_task_that_was_tried_again_the_last_attempt_counts_and_its_input_before_others(self):
        with Workshop(flow(self.RAY)) as workshop:
            other = workshop.step("work", nodes=2).value("seen")
            first = workshop.step("work", nodes=2)
            last = first.value("seen")[:-1] + "10"
            os.mkdir(last)
            self.assertNotEqual(other, last)
            self.assertEqual(workshop.step("join", [first]).value("seen"), last)

    def test_where_ray_has_kept_nothing_or_in_several_places_it_says_what_to_do(self):
        with Workshop(flow(self.RAY)) as workshop:
            self.assertIn("there is no folder of Ray's", workshop.step("join").error)
            for _ in range(2):
                workshop.step("work", nodes=2)
            self.assertIn("as an artifact in the step with @metaflow_ray", workshop.step("join").error)


if __name__ == "__main__":
    unittest.main()
