import unittest

from support import Workshop, flow

BODY = """
    rate = 0.5
    names = ['a']
    _private = 1
    alpha = Parameter('alpha', default=1)
    settings = Config('settings', default_value={'x': 1})

    class Kind: pass
    def helper(self): pass
    @staticmethod
    def other(): pass
    @property
    def twice(self): return 2 * self.rate

    @step
    def start(self):
        self.names.append('changed')
        self.seen = (self.rate, self.twice, TestFlow.rate)
        self.next(self.a, self.b)
    @step
    def a(self): self.next(self.join)
    @step
    def b(self): self.next(self.join)
    @step
    def join(self, inputs):
        assert inputs[0].rate == inputs.a.rate == 0.5
        self.merge_artifacts(inputs)
        self.next(self.end)
    """


class ConstantTests(unittest.TestCase):
    def test_they_are_artifacts_of_every_task_as_they_were_before_the_first_body(self):
        with Workshop(flow(BODY)) as workshop:
            self.assertEqual(workshop.problems(), [])
            start = workshop.step("start", parameters={"alpha": "1"})
            self.assertEqual(sorted(start.result["artifacts"]), ["names", "rate", "seen", "settings"])
            self.assertEqual((start.value("rate"), start.value("names"), start.value("settings")), (0.5, ["a"], {"x": 1}))
            self.assertEqual(start.value("seen"), (0.5, 1.0, 0.5))
            branches = [workshop.step(name, [start]) for name in "ab"]
            join = workshop.step("join", branches)
            for outcome in [*branches, join]:
                self.assertEqual(outcome.code, 0, outcome.errors)
                for name in ("names", "rate", "settings"):
                    self.assertEqual(outcome.result["unchanged"][name], start.references[name])

    def test_a_join_that_merges_nothing_has_them_too(self):
        body = "K = 7\n@step\ndef start(self): self.next(self.a, self.b)\n@step\ndef a(self): self.next(self.join)\n"
        body += "@step\ndef b(self): self.next(self.join)\n@step\ndef join(self, inputs): self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            start = workshop.step("start")
            join = workshop.step("join", [workshop.step(name, [start]) for name in "ab"])
            self.assertEqual(join.value("K"), 7)

    def test_setting_one_is_seen_in_the_source_and_refused_in_the_step(self):
        body = "K = 7\n@step\ndef start(self):\n    {}\n    self.next(self.end)\n"
        with Workshop(flow(body.format("self.K = 8"))) as workshop:
            self.assertEqual(workshop.problems(), [
                "8: step start sets self.K, which is a constant of the flow's class; keep its value in another name"])
        for line in ("setattr(self, 'K', 8)", "delattr(self, 'K')"):
            with Workshop(flow(body.format(line))) as workshop:
                self.assertIn("flow.py:8: self.K is a constant of the flow's class and cannot be", workshop.step("start").error)

    def test_one_that_cannot_be_pickled_is_named(self):
        body = "import threading\nlock = threading.Lock()\n@step\ndef start(self): self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            self.assertIn("the constant lock of the flow's class cannot be pickled: TypeError", workshop.step("start").error)

    def test_a_foreach_over_one_hands_out_its_elements(self):
        body = "items = [b'x' * 100000, b'y' * 100000]\n@step\ndef start(self): self.next(self.work, foreach='items')\n"
        body += "@step\ndef work(self):\n    self.seen = self.input[:1]\n    self.next(self.join)\n"
        body += "@step\ndef join(self, inputs): self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            start = workshop.step("start")
            self.assertEqual(workshop.step("work", [start], [start.frames[1]]).value("seen"), b"y")


if __name__ == "__main__":
    unittest.main()
