import os
import unittest

from support import Workshop, flow


class CurrentTests(unittest.TestCase):
    def seen(self, line, decorators="", step="start", **task):
        body = f"alpha = Parameter('alpha', default=1)\n{decorators}\n@step\ndef start(self):\n    self.seen = {line}\n    self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            outcome = workshop.step(step, parameters={"alpha": "1"}, **task)
            return outcome.value("seen") if outcome.code == 0 else outcome.error

    def test_it_knows_the_flow_s_parameters_and_graph(self):
        self.assertEqual(self.seen("current.parameter_names"), ["alpha"])
        self.assertEqual(self.seen("[step['name'] for step in current.graph['steps']]"), ["start", "end"])

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

    def test_outside_of_a_step_it_says_that_none_runs(self):
        from muster import current
        self.assertFalse(current.is_running_flow)
        with self.assertRaisesRegex(AttributeError, "no step runs in this process"):
            current.run_id

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
