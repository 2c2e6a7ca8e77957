"""Statements at the top of a flow's file that only define names."""

import ast
import unittest

import support  # noqa: F401
from muster.source.toplevel import TopLevel

FLOW = "class Flow(FlowSpec):\n    @step\n    def start(self): pass\n"


def beginning(*lines):
    """Returns the number of leading statements without side effects, if every import is allowed."""
    statements = ast.parse("\n".join(lines)).body
    return TopLevel(lambda statement: True).leading_count(statements)


class TopLevelTests(unittest.TestCase):
    def test_imports_values_functions_and_flows_are_quiet(self):
        self.assertEqual(beginning(
            "'''About the flow.'''", "from __future__ import annotations", "import numpy as np", "from os import path, sep",
            "from metaflow import FlowSpec, Parameter, retry, step", "SIZES = [1, -2, (3, 'a')]", "LIMIT: int = 3",
            "def helper(a, b=SIZES, *, c: 'int' = None): return draw()",
            "class Flow(FlowSpec):\n    '''Its text.'''\n    lr = Parameter('lr', default=0.1, type=float)\n    WIDTH = 3\n"
            "    @retry(times=2)\n    @step\n    def start(self, *, x=None): self.next(self.end)"), 9)

    def test_what_reads_draws_changes_or_calls_is_not(self):
        for line in (
                "VALUE = random.random()", "VALUE = os.environ['A']", "os.environ['A'] = 'b'", "print('here')",
                "VALUE = [draw() for _ in range(3)]", "VALUE = f'{draw()}'", "for each in SIZES: draw()", "with a: pass",
                "def f(x=draw()): pass", "def f() -> draw(): pass", "@draw\ndef f(): pass", "class Other(base.Any): pass",
                "class Other(metaclass=Any): pass", "class Other:\n    x = draw()", "if True: draw()", "del SIZES",
                "a.b = 3", "a, b = draw()", "SIZES += [1]", "try:\n    draw()\nexcept Exception: pass",
                "if __name__ == '__main__': Flow()"):
            with self.subTest(line):
                self.assertEqual(beginning("from metaflow import FlowSpec, step", "SIZES = [1]", line, FLOW), 2)

    def test_a_flow_whose_decorators_values_or_bases_are_not_metaflow_s_is_not(self):
        for flow in (
                FLOW.replace("@step", "@mine\n    @step"), FLOW.replace("@step", "@step.other"),
                FLOW.replace("(FlowSpec)", "(Base)"), FLOW.replace("(FlowSpec)", "(FlowSpec, Mixin)"), "@mine\n" + FLOW,
                FLOW + "    x = Parameter('x', default=draw)\n", FLOW + "    x = Parameter('x', default=draw())\n",
                FLOW + "    x = Config('x')\n", FLOW + "    def step(self): pass\n", FLOW + "    print('here')\n",
                FLOW + "    def __init_subclass__(cls): pass\n"):
            with self.subTest(flow):
                self.assertEqual(beginning("from metaflow import *", flow), 1)

    def test_a_name_of_metaflow_s_that_has_got_another_meaning_is_not_taken_for_it(self):
        for line in ("def step(f): draw()", "import mine as step", "from mine import step", "class step: pass"):
            with self.subTest(line):
                self.assertEqual(beginning("from metaflow import FlowSpec, step", line, FLOW), 2)
        self.assertEqual(beginning("from metaflow import FlowSpec, step", "from mine import *", FLOW), 1)

    def test_nothing_is_pure_from_the_first_import_on_that_may_not_be(self):
        statements = ast.parse("import os\nX = 1\nimport beside\nY = 2").body
        self.assertEqual(TopLevel(lambda each: each.names[0].name != "beside").leading_count(statements), 2)


if __name__ == "__main__":
    unittest.main()
