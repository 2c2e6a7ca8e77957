import os
import subprocess
import sys
import unittest

from support import PACKAGE, Workshop, flow

NESTED = """
@retry(times=1)
@step
def start(self):
    "Begins."
    self.rows = ["a", "b"]
    self.seen = ([node.name for node in self._graph], self._graph.sorted_nodes, self._current_step, self._foreach_stack)
    self.places = {
        node.name: (node.type, node.in_funcs, node.out_funcs, node.split_parents, node.matching_join, node.is_inside_foreach)
        for node in self._graph}
    self.next(self.row, foreach="rows")

@step
def row(self):
    self.next(self.left, self.right)

@step
def left(self):
    self.seen = (self._current_step, self._foreach_stack)
    self.next(self.gather)

@step
def right(self):
    self.way = 1
    self.next({1: self.gather, 2: self.right}, condition="way")

@step
def gather(self, inputs):
    self.seen = [(each._current_step, each.index, each.input, each.foreach_stack()) for each in inputs]
    self.rows = inputs.left.rows
    self.next(self.join)

@step
def join(self, inputs):
    self.seen = [(each.index, each.input, each._foreach_stack) for each in inputs]
    self.next(self.end)
"""


class GraphTests(unittest.TestCase):
    def run_all(self, workshop):
        start = workshop.step("start")
        gathered = []
        for frame in start.frames:
            row = workshop.step("row", [start], foreach=[frame])
            sides = [workshop.step(name, [row], foreach=[frame]) for name in ("left", "right")]
            gathered.append(workshop.step("gather", sides, foreach=[frame]))
        return start, sides, gathered, workshop.step("join", gathered)

    def test_a_step_sees_the_graph_and_its_own_place_in_it(self):
        with Workshop(flow(NESTED)) as workshop:
            start, sides, gathered, join = self.run_all(workshop)
            names = ["start", "row", "left", "right", "gather", "join", "end"]
            self.assertEqual(start.value("seen"), (sorted(names), names, "start", []))
            self.assertEqual(start.value("places"), {
                "start": ("foreach", [], ["row"], [], "join", False),
                "row": ("split", ["start"], ["left", "right"], ["start"], "gather", True),
                "left": ("linear", ["row"], ["gather"], ["start", "row"], None, True),
                "right": ("split-switch", ["row"], ["gather", "right"], ["start", "row"], None, True),
                "gather": ("join", ["left", "right"], ["join"], ["start", "row"], None, True),
                "join": ("join", ["gather"], ["end"], ["start"], None, False),
                "end": ("end", ["join"], [], [], None, False),
            })
            step, (frame,) = sides[0].value("seen")
            self.assertEqual((step, tuple(frame)), ("left", ("row", "rows", 2, 1, "b")))

    def test_the_inputs_of_a_join_know_where_they_come_from(self):
        with Workshop(flow(NESTED)) as workshop:
            _, _, gathered, join = self.run_all(workshop)
            self.assertEqual(gathered[1].value("seen"), [("left", 1, "b", [(1, 2, "b")]), ("right", 1, "b", [(1, 2, "b")])])
            self.assertEqual(
                [(index, element, [tuple(each) for each in stack]) for index, element, stack in join.value("seen")],
                [(0, "a", [("row", "rows", 2, 0, "a")]), (1, "b", [("row", "rows", 2, 1, "b")])])

    def test_a_flow_that_does_not_run_has_its_graph(self):
        program = (
            "from flow import TestFlow\nflow = TestFlow(use_cli=False)\n"
            "print([(each.name, flow._graph[each.name].type) for each in flow], hasattr(flow, '_current_step'), flow)")
        with Workshop(flow(NESTED)) as workshop:
            done = subprocess.run(
                [sys.executable, "-c", program], cwd=workshop.folder, capture_output=True, text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join([os.path.join(PACKAGE, "shim"), os.path.dirname(PACKAGE)])})
            self.assertEqual(done.stdout, (
                "[('end', 'end'), ('gather', 'join'), ('join', 'join'), ('left', 'linear'), ('right', 'split-switch'), "
                "('row', 'split'), ('start', 'foreach')] False <flow TestFlow>\n"), done.stderr)

    def test_a_flow_is_printed_with_its_place_and_cannot_be_kept(self):
        body = NESTED.replace("self.seen = (self._current_step, self._foreach_stack)", "self.seen = str(self)")
        with Workshop(flow(body)) as workshop:
            _, sides, _, _ = self.run_all(workshop)
            self.assertEqual(sides[0].value("seen"), "<flow TestFlow step left[1] (input: b)>")
        with Workshop(flow("@step\ndef start(self):\n    self.me = self\n    self.next(self.end)\n")) as workshop:
            self.assertIn("a flow, or an input of a join, cannot be kept as a whole", workshop.step("start").error)

    def test_names_of_the_place_are_an_artifact_s_where_one_is_called_so(self):
        body = "@step\ndef start(self):\n    self._graph = 7\n    self.seen = self._graph\n    self.next(self.end)\n"
        with Workshop(flow(body)) as workshop:
            self.assertEqual(workshop.step("start").value("seen"), 7)

    def test_current_graph_tells_decorators_choices_and_nesting(self):
        body = NESTED.replace("self.rows = [\"a\", \"b\"]", "self.rows = [\"a\", \"b\"]\n    self.told = current.graph")
        with Workshop(flow(body)) as workshop:
            told = workshop.step("start").value("told")
            self.assertEqual(
                told["graph_structure"], ["start", [["row", [["left"], ["right", [[]]]], "gather"]], "join", "end"])
            start, right = told["steps"]["start"], told["steps"]["right"]
            self.assertEqual((start["type"], start["foreach_artifact"], start["doc"]), ("split-foreach", "rows", "Begins."))
            self.assertEqual([each["name"] for each in start["decorators"]], ["retry"])
            self.assertEqual((right["condition"], right["switch_cases"]), ("way", {1: "gather", 2: "right"}))


if __name__ == "__main__":
    unittest.main()
