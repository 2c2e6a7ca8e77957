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

    def test_ray_has_a_folder_of_the_attempt(self):
        body = "@step\ndef start(self): self.next(self.work, num_parallel=2)\n@metaflow_ray\n@step\ndef work(self):\n"
        body += "    self.seen = os.path.isdir(current.ray_storage_path) and current.ray_storage_path.startswith(current.tempdir)\n"
        body += "    self.next(self.join)\n@step\ndef join(self, inputs): self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            self.assertIs(workshop.step("work", nodes=2).value("seen"), True)


if __name__ == "__main__":
    unittest.main()
