"""A flow with a constructor of its own, as under Metaflow."""

import os
import sys
import unittest

from support import Workshop, flow
from test_serve import Server

BODY = """
    SIZE = 1
    given = Parameter('given', default=3)
    def __init__(self, *args, **kwargs):
        self.marker = "made by init"
        self.called = repr((args, kwargs))
        self.SIZE = 5
        super().__init__(*args, **kwargs)
        self.after = "a clone"
    @step
    def start(self):
        self.seen = self.marker, self.called, hasattr(self, "after"), self.SIZE, self.given
        self.marker = "changed"
        self.next(self.one, self.two)
    @step
    def one(self):
        self.seen = self.marker
        self.marker = "changed by one"
        self.next(self.join)
    @step
    def two(self):
        self.next(self.join)
    @step
    def join(self, inputs):
        self.seen = self.marker, [(each.marker, each.called, each.after) for each in inputs]
        self.next(self.end)
    """
FIRST = ("made by init", "((), {})", False, 1, 3)


class InitTests(unittest.TestCase):
    def test_what_a_constructor_sets_is_the_step_s_and_an_artifact(self):
        with Workshop(flow(BODY)) as workshop:
            start = workshop.step("start", parameters={"given": 3})
            self.assertEqual(start.value("seen"), FIRST, start.errors)
            self.assertEqual((start.value("marker"), start.value("SIZE")), ("changed", 1))
            one, two = (workshop.step(name, [start], parameters={"given": 3}) for name in ("one", "two"))
            self.assertEqual((one.value("seen"), one.value("marker")), ("made by init", "changed by one"))
            self.assertEqual(one.value("SIZE"), 1)
            self.assertEqual(two.value("marker"), "made by init")
            join = workshop.step("join", [one, two], parameters={"given": 3})
            clone = ("made by init", "((), {'use_cli': False})", "a clone")
            self.assertEqual(join.value("seen"), ("made by init", [clone, clone]))

    def test_a_flow_that_its_module_does_not_make_gets_its_constructor_too(self):
        source = flow(BODY).replace("    TestFlow()\n", "    pass\n")
        with Workshop(source) as workshop:
            start = workshop.step("start", parameters={"given": 3})
            self.assertEqual(start.value("seen"), ("made by init", "((), {'use_cli': False})", True, 1, 3), start.errors)

    def test_a_constructor_that_fails_is_told_with_its_line(self):
        with Workshop(flow(BODY).replace('self.marker = "made by init"', "1 / 0")) as workshop:
            start = workshop.step("start", parameters={"given": 3})
            self.assertEqual(start.code, 1)
            self.assertIn("line 9, in __init__", start.errors)

    @unittest.skipUnless(sys.platform == "linux", "only Linux can have its steps served")
    def test_it_runs_in_a_served_step(self):
        body = BODY.replace("given = Parameter('given', default=3)", "given = 3").replace(
            'super()', 'self.process = os.getpid()\n        super()').replace("self.marker = \"changed\"", "self.pid = os.getpid()")
        with Workshop(flow(body)) as workshop, Server(workshop) as server:
            for _ in range(2):
                values = server.ask("start")[1]
                self.assertEqual((values["seen"], values["process"]), (FIRST, values["pid"]))
                self.assertNotEqual(values["process"], os.getpid())


if __name__ == "__main__":
    unittest.main()
