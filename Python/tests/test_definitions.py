import importlib.util
import os
import sys
import tempfile
import unittest

import support  # noqa: F401
from muster.flow import definitions, graph, step_source

SOURCE = '''import functools


def plain(function):
    return function


def wrapping(function):
    @functools.wraps(function)
    def call(*words):
        return function(*words)
    return call


@plain
class Flow:
    def start(self):
        """
        Starts.

          More.
        """
        self.a = """
text at the margin
"""

    @plain
    @wrapping
    def work(self): self.b = 1

    async def other(self):
        self.c = 1


twice = [lambda self: 1, lambda self: 2]
if True:
    class Two:
        pass
else:
    class Two:
        pass
'''


class DefinitionTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "sourced.py")
        self.write(SOURCE)
        spec = importlib.util.spec_from_file_location("sourced", self.path)
        self.module = sys.modules["sourced"] = importlib.util.module_from_spec(spec)
        self.addCleanup(sys.modules.pop, "sourced")
        spec.loader.exec_module(self.module)

    def write(self, text):
        with open(self.path, "w") as file:
            file.write(text)

    def line(self, function):
        definition, offset = definitions.of_function(function)
        return definition.name, definition.lineno + offset

    def test_functions_are_found_at_their_lines(self):
        flow = self.module.Flow
        self.assertEqual(
            [self.line(each) for each in (flow.start, flow.work, flow.other)], [("start", 17), ("work", 29), ("other", 31)])

    def test_a_function_in_a_file_that_is_no_plain_python_is_found_too(self):
        self.write("%matplotlib inline\n" + SOURCE.partition("\n")[2])
        self.assertEqual(self.line(self.module.Flow.other), ("other", 31))

    def test_a_class_is_where_its_statement_stands(self):
        self.assertEqual(definitions.place_of_class(self.module.Flow), (self.path, 16))
        self.assertIn(definitions.place_of_class(self.module.Two)[1], (37, 40))

    def test_what_has_no_source_says_so(self):
        names = {"__name__": "nowhere"}
        exec("def f(self): pass\nclass C: pass", names)
        with self.assertRaises(OSError):
            definitions.of_function(names["f"])
        self.assertIsNone(graph.place_of_class(names["C"]))

    def test_functions_that_wrap_each_other_in_a_circle_end(self):
        def one():
            pass

        def two():
            pass

        one.__wrapped__, two.__wrapped__ = two, one
        self.assertIn(definitions.unwrapped(one), (one, two))

    def test_a_summary_has_no_indentation(self):
        self.assertEqual(step_source.summary(self.module.Flow.start), "Starts.\n\n  More.")
        self.assertIsNone(step_source.summary(self.module.Flow.work))


if __name__ == "__main__":
    unittest.main()
