import json
import os
import tempfile
import unittest
from unittest import mock

from support import Workshop, flow

FAN = """
@step
def start(self):
    self.items = [1, 'two', None, 0.5, 2.0, {'x': 1}, (1, 2)]
    self.next(self.work, foreach='items')
@step
def work(self):
    self.seen = (self.index, self.input)
    self.next(self.join)
@step
def join(self, inputs):
    self.seen = [each.seen for each in inputs]
    self.merge_artifacts(inputs)
    self.next(self.end)
"""


class StepTests(unittest.TestCase):
    """Runs one body at a time."""

    def test_what_a_body_sets_is_kept_and_what_it_leaves_alone_is_passed_on(self):
        with Workshop(flow("""
            @step
            def start(self):
                self.a, self.b, self.c = 1, [1], [2]
                self.next(self.second)
            @step
            def second(self):
                self.b.append(2)
                self.d = len(self.c)
                del self.a
                self.next(self.end)
            """)) as workshop:
            start = workshop.step("start")
            second = workshop.step("second", [start])
        self.assertEqual(second.transition, {"step": {"to": "end"}})
        self.assertEqual(sorted(second.result["artifacts"]), ["b", "d"])
        self.assertEqual(second.references["c"], start.references["c"])
        self.assertNotIn("a", second.references)

    def test_an_artifact_that_is_not_touched_is_not_read(self):
        with Workshop(flow("""
            @step
            def start(self):
                self.a, self.b = 1, 2
                self.next(self.end)
            """)) as workshop:
            start = workshop.step("start")
            end = workshop.step("end", [start])
            self.assertEqual(end.result["unchanged"], start.references)
            self.assertEqual(workshop.agent.requests, [])

    def test_elements_of_every_kind_arrive_as_they_were(self):
        with Workshop(flow(FAN)) as workshop:
            start = workshop.step("start")
            self.assertEqual(start.transition, {"foreach": {"to": "work", "count": 7}})
            seen = []
            for frame in start.frames:
                seen.append(workshop.step("work", [start], [frame]))
            join = workshop.step("join", seen)
            self.assertEqual(
                join.value("seen"), list(enumerate([1, "two", None, 0.5, 2.0, {"x": 1}, (1, 2)])))
            self.assertEqual(type(join.value("seen")[4][1]), float)
            self.assertEqual(join.references["items"], start.references["items"])

    def test_a_large_element_is_what_it_was_whatever_becomes_of_what_it_stood_in(self):
        elements = {
            "a list": "[b'x' * 100000, b'y' * 100000]", "a set": "{b'x' * 100000, b'y' * 100000}",
            "an iterator": "Once([b'x' * 100000, b'y' * 100000])", "texts": "['x' * 100000, 'y' * 100000]",
            "labels that are no places": "Labels([b'x' * 100000, b'y' * 100000])",
            "one large among small ones": "[1, b'y' * 100000]",
        }
        source = flow("""
            @step
            def start(self):
                self.elements = {}
                self.kept = [each for each in self.elements] if isinstance(self.elements, (list, set)) else None
                self.next(self.work, foreach='elements')
            @step
            def work(self):
                self.elements = None
                self.next(self.late)
            @step
            def late(self):
                self.seen = self.input if isinstance(self.input, int) else self.input[:1]
                self.stack = [(index, count) for index, count, _ in self.foreach_stack()]
                self.next(self.join)
            @step
            def join(self, inputs):
                self.next(self.end)
            """)
        head = (
            "class Labels(list):\n    def __getitem__(self, place): return list(self)[1 - place]\n"
            "class Once(list):\n    def __getitem__(self, place): raise TypeError\n")
        for name, text in elements.items():
            body = source.replace("self.elements = {}", f"self.elements = {text}").replace("class TestFlow", f"{head}class TestFlow")
            with self.subTest(name), Workshop(body) as workshop:
                start = workshop.step("start")
                seen = []
                for frame in start.frames:
                    work = workshop.step("work", [start], [frame])
                    late = workshop.step("late", [work], [frame])
                    self.assertEqual(late.value("stack"), [(frame["index"], 2)])
                    seen.append(late.value("seen"))
                expected = [each if isinstance(each, int) else each[:1] for each in eval(text, {"Labels": list, "Once": list})]
                if name != "a set":
                    self.assertEqual(seen, expected)
                else:
                    self.assertEqual(sorted(seen), sorted(expected))
                    self.assertEqual(seen, [each[:1] for each in start.value("kept")])

    def test_elements_that_share_what_they_hold_are_kept_together(self):
        from muster import items
        with tempfile.TemporaryDirectory() as folder, mock.patch.object(items, "LARGEST_APART", 300_000):
            os.mkdir(os.path.join(folder, "artifacts"))
            shared = bytes(100_000)
            for elements, count in (([(shared, n) for n in range(9)] + [7], 1), ([bytes([n]) * 100_000 for n in range(9)] + [7], 9)):
                items.write(elements, folder)
                self.assertEqual(len(os.listdir(os.path.join(folder, "artifacts"))), count)
                with open(os.path.join(folder, "items.jsonl")) as file:
                    lines = file.read().splitlines()
                for index, line in enumerate(lines):
                    frame = {"step": "s", "index": index}
                    if line.startswith("@"):
                        frame["artifact"] = json.loads(line[1:])
                    else:
                        frame["item"] = line
                    found = items.read(frame, lambda reference: os.path.join(folder, reference["path"]))
                    self.assertEqual(found, elements[index])
                for name in os.listdir(os.path.join(folder, "artifacts")):
                    os.unlink(os.path.join(folder, "artifacts", name))

    def test_names_of_every_kind_are_artifacts(self):
        names = ["n" * 300, "a/b", "..", "a b", "", "ä" * 150]
        with Workshop(flow(f"""
            @step
            def start(self):
                for name in {names!r}: setattr(self, name, name)
                self.next(self.end)
            """)) as workshop:
            start = workshop.step("start")
            self.assertEqual({name: start.value(name) for name in start.references}, {name: name for name in names})

    def test_numbers_are_elements_as_they_are(self):
        with Workshop(flow("""
            @step
            def start(self):
                self.items = [1.0, -0.0, 10 ** 30, float('inf'), float('nan'), 0.1, True, '', 'ä', '\\ud800', b'']
                self.next(self.work, foreach='items')
            @step
            def work(self):
                self.seen = repr(self.input)
                self.next(self.join)
            @step
            def join(self, inputs):
                self.next(self.end)
            """)) as workshop:
            start = workshop.step("start")
            seen = [workshop.step("work", [start], [frame]).value("seen") for frame in start.frames]
            self.assertEqual(seen, [
                "1.0", "-0.0", "1" + "0" * 30, "inf", "nan", "0.1", "True", "''", "'ä'", "'\\ud800'", "b''"])

    def test_an_element_that_cannot_be_pickled_is_named_with_its_place(self):
        with Workshop(flow("""
            @step
            def start(self):
                import threading
                self.items = Unkept([1, threading.Lock()])
                self.next(self.work, foreach='items')
            @step
            def work(self): self.next(self.join)
            @step
            def join(self, inputs): self.next(self.end)
            """).replace("class TestFlow", "class Unkept(list):\n    def __reduce__(self): return list, ()\n\nclass TestFlow")) as workshop:
            error = workshop.step("start").error
            self.assertIn("flow.py:13: element 1 of self.items in step start cannot be pickled: TypeError", error)

    def test_a_join_asks_for_small_artifacts_of_all_inputs_at_once(self):
        with Workshop(flow("""
            @step
            def start(self):
                self.items = [1, 2, 3]
                self.next(self.work, foreach='items')
            @step
            def work(self):
                self.small, self.large = self.input, b'x' * 100_000
                self.next(self.join)
            @step
            def join(self, inputs):
                self.seen = ([each.small for each in reversed(list(inputs))], [each.small for each in inputs], len(inputs[0].large))
                self.next(self.end)
            """)) as workshop:
            start = workshop.step("start")
            works = [
                workshop.step("work", [start], foreach=[frame]) for frame in start.frames]
            workshop.agent.requests.clear()
            self.assertEqual(workshop.step("join", works).value("seen"), ([3, 2, 1], [1, 2, 3], 100_000))
            kinds = [next(iter(each)) for each in workshop.agent.requests]
            self.assertEqual((kinds.count("artifact"), kinds.count("artifacts")), (1, 1))
            workshop.agent.requests.clear()
            del workshop.agent.files[works[1].references["small"]["digest"]]
            self.assertIn("gone", workshop.step("join", works).error)

    def test_a_gang_has_its_node_for_index_and_input(self):
        with Workshop(flow("""
            @step
            def start(self): self.next(self.work, num_parallel=3)
            @parallel
            @step
            def work(self):
                self.seen = (self.index, self.input, *current.parallel, current.is_parallel)
                self.next(self.join)
            @step
            def join(self, inputs):
                self.next(self.end)
            """)) as workshop:
            start = workshop.step("start")
            self.assertEqual(start.transition, {"nodes": {"to": "work", "count": 3}})
            self.assertEqual(
                workshop.step("work", [start], nodes=3, index=2).value("seen"), (2, 2, "127.0.0.9", 3, 2, "2", True))

    def test_a_condition_chooses_and_names_what_it_cannot(self):
        body = """
            @step
            def start(self):
                self.which = {}
                self.next({{'a': self.a, 'b': self.end}}, condition='which')
            @step
            def a(self): self.next(self.end)
            """
        with Workshop(flow(body.format("'a'"))) as workshop:
            self.assertEqual(workshop.step("start").transition, {"step": {"to": "a"}})
        with Workshop(flow(body.format("'c'"))) as workshop:
            self.assertIn("self.which is 'c', and self.next has no step for it; it has steps for 'a', 'b'", workshop.step("start").error)

    def test_a_wrapper_of_the_flow_s_own_changes_nothing(self):
        source = flow("""
            @step
            @noisy
            def start(self):
                self.items = [1]
                self.next(self.work, foreach='items')
            @step
            def work(self): self.next(self.join)
            @step
            @noisy
            def join(self, inputs):
                self.count = len(inputs)
                self.next(self.end)
            """).replace("class TestFlow", """
import functools

def noisy(body):
    @functools.wraps(body)
    def wrapper(*args, **kwargs):
        print("before", body.__name__)
        return body(*args, **kwargs)
    return wrapper

class TestFlow""")
        with Workshop(source) as workshop:
            manifest = workshop.describe()
            self.assertEqual(manifest["problems"], [])
            self.assertEqual([step["name"] for step in manifest["steps"] if "join" in step], ["join"])
            start = workshop.step("start")
            join = workshop.step("join", [workshop.step("work", [start], start.frames)])
            self.assertEqual((join.value("count"), join.output), (1, "before join\n"))

    def test_current_says_who_runs(self):
        with Workshop(flow("""
            @step
            def start(self):
                self.who = [
                    current.flow_name, current.run_id, current.step_name, current.task_id, current.retry_count,
                    current.pathspec, current.username, current.is_running_flow, current.is_parallel, current.origin_run_id,
                    current.namespace, os.path.isdir(current.tempdir)]
                self.next(self.end)
            """)) as workshop:
            self.assertEqual(workshop.step("start", attempt=2).value("who"), [
                "TestFlow", "7", "start", "1", 2, "TestFlow/7/start/1", "somebody", True, False, None, "user:somebody", True])

    def test_arguments_arrive_unmangled(self):
        with Workshop(flow("""
            @step
            def start(self): self.next(self.work, num_parallel=2)
            @torchrun
            @step
            def work(self):
                current.torch.run(
                    entrypoint='t.py', entrypoint_args={'lr': 0.1, 'quiet': '', 'flag': None, 'text': 'a "q" b'},
                    nproc_per_node=2, torchrun_args=['max_restarts', 1, 'role', ''])
                current.torch.run(entrypoint='t.py', entrypoint_args=['--x', 1], torchrun_args={'rdzv_id': 'y'})
                self.next(self.join)
            @step
            def join(self, inputs): self.next(self.end)
            """)) as workshop:
            self.assertEqual(workshop.step("work", nodes=2).code, 0)
            first, second = [each["framework"] for each in workshop.agent.requests]
        self.assertEqual(first, {"framework": "torchrun", "options": {
            "entrypoint": "t.py", "processesPerNode": 2, "torchrunArguments": ["--max_restarts", "1", "--role"],
            "arguments": ["--lr", "0.1", "--quiet", "--flag", "--text", 'a "q" b']}})
        self.assertEqual(second["options"], {
            "entrypoint": "t.py", "arguments": ["--x", "1"], "torchrunArguments": ["--rdzv_id", "y"]})

    def test_what_the_agent_refuses_is_the_step_s_error_with_its_code(self):
        with Workshop(flow("""
            @step
            def start(self): self.next(self.work, num_parallel=2)
            @mpi
            @step
            def work(self):
                current.mpi.exec(args=['-n', 2], program='python3 a.py', program_args=['b c'])
                self.next(self.join)
            @step
            def join(self, inputs): self.next(self.end)
            """)) as workshop:
            workshop.agent.answer = {"failed": {"failure": {"code": "process.exit", "message": "rank 1 left with 3", "exitCode": 3, "lastLines": [], "id": "launch 1"}}}
            outcome = workshop.step("work", nodes=2)
        self.assertEqual((outcome.result["error"]["code"], outcome.error), ("process.exit", "rank 1 left with 3"))
        self.assertEqual(outcome.result["error"]["cause"], "launch 1", "the agent recognises its own failure")
        self.assertEqual(workshop.agent.requests[0]["framework"]["options"], {
            "operation": "exec", "arguments": ["-n", "2"], "program": "python3", "programArguments": ["a.py", "b c"]})


class MergeTests(unittest.TestCase):
    BODY = """
        @step
        def start(self):
            self.same = 'same'
            self.next(self.a, self.b)
        @step
        def a(self):
            self.differing, self.left = 1, 'l'
            self.next(self.join)
        @step
        def b(self):
            self.differing = 2
            self.next(self.join)
        @step
        def join(self, inputs):
            {}
            self.next(self.end)
        """

    def join(self, line):
        with Workshop(flow(self.BODY.format(line))) as workshop:
            start = workshop.step("start")
            return workshop.step("join", [workshop.step("a", [start]), workshop.step("b", [start])])

    def test_what_agrees_is_taken_over_and_nothing_is_written_for_it(self):
        join = self.join("self.merge_artifacts(inputs, exclude=['differing'])")
        self.assertEqual(sorted(join.references), ["left", "same"])
        self.assertEqual(join.result["artifacts"], {})

    def test_what_differs_is_named(self):
        self.assertIn("the inputs differ in differing", self.join("self.merge_artifacts(inputs)").error)

    def test_what_the_join_has_set_stays(self):
        join = self.join("self.differing = inputs.b.differing; self.merge_artifacts(inputs)")
        self.assertEqual(sorted(join.references), ["differing", "left", "same"])

    def test_include_takes_only_what_it_names_and_names_what_is_missing(self):
        self.assertEqual(sorted(self.join("self.merge_artifacts(inputs, include=['same'])").references), ["same"])
        self.assertIn("no input has smae; did you mean same?", self.join("self.merge_artifacts(inputs, include=['smae'])").error)
        self.assertIn("not both", self.join("self.merge_artifacts(inputs, include=['a'], exclude=['b'])").error)

    def test_an_input_that_is_not_there_is_named(self):
        self.assertIn("no input comes from a step 'c'; there are a, b", self.join("inputs.c").error)


class FailureTests(unittest.TestCase):
    def fails(self, body, prefix=""):
        lines = "\n".join("    " + line for line in body.split("\n"))
        with Workshop(flow(f"{prefix}@step\ndef start(self):\n{lines}\n    self.next(self.end)\n")) as workshop:
            outcome = workshop.step("start")
        self.assertNotEqual(outcome.code, 0)
        return outcome

    def test_a_traceback_ends_in_the_user_s_own_line(self):
        outcome = self.fails("x = {}\nx['k']")
        self.assertEqual(outcome.error, "KeyError: 'k' (flow.py:8)")
        self.assertNotIn("muster", outcome.errors)
        self.assertIn('File "flow.py", line 8, in start', outcome.errors)

    def test_so_does_one_that_this_package_raised(self):
        outcome = self.fails("print(self.nothere)")
        self.assertIn("TestFlow at step start has no artifact 'nothere' (flow.py:7)", outcome.error)
        self.assertIn("print(self.nothere)", outcome.errors.splitlines()[2])

    def test_a_cause_is_shown_too(self):
        outcome = self.fails("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise RuntimeError('second') from error")
        self.assertIn("ZeroDivisionError: division by zero", outcome.errors)
        self.assertEqual(outcome.error, "RuntimeError: second (flow.py:10)")

    def test_an_artifact_that_cannot_be_pickled_is_named_with_its_line(self):
        self.assertIn("flow.py:7: artifact self.f of step start cannot be pickled: ", self.fails("self.f = lambda: 1").error)

    def test_a_summary_is_one_line_with_an_end_and_the_traceback_has_everything(self):
        rows = r"'\n'.join(f'row {i} of a tensor' for i in range(90))"
        cases = {
            f"raise ValueError('the shapes differ: ' + {rows})": "ValueError: the shapes differ: row 0 of a tensor (flow.py:7)",
            "raise ValueError('x' * 5000)": f"ValueError: {'x' * 287}… (flow.py:7)",
            "raise KeyError": "KeyError (flow.py:7)",
            "exec('1 +')": "SyntaxError: invalid syntax (flow.py:7)",
            f"self.kind = {rows}; self.next({{1: self.end}}, condition='kind')": None,
        }
        for line, expected in cases.items():
            body = f"@step\ndef start(self):\n    {line}\n    self.next(self.end)\n"
            with self.subTest(line), Workshop(flow(body)) as workshop:
                start = workshop.step("start")
                if expected:
                    self.assertEqual(start.error.replace("invalid syntax (<string>, line 1)", "invalid syntax"), expected)
                    self.assertEqual(start.errors.count("Traceback"), 1)
                if "rows" in line or "row " in line:
                    self.assertIn("row 89 of a tensor", start.errors)
                self.assertLess(len(start.error), 1001)
                self.assertNotIn("\n", start.error)

    def test_sys_exit_is_no_way_to_end_a_step(self):
        for call, shown in (("sys.exit()", "sys.exit()"), ("sys.exit(0)", "sys.exit(0)"), ("sys.exit('no')", "sys.exit('no')")):
            self.assertIn(f"step start called {shown} (flow.py:8)", self.fails(f"import sys\n{call}").error)

    def test_next_twice_at_run_time_names_both_lines(self):
        error = self.fails("getattr(self, 'next')(self.end)").error
        self.assertIn("step start calls self.next a second time; the first was at flow.py:7", error)

    def test_a_body_without_next_is_refused(self):
        with Workshop(flow("@step\ndef start(self):\n    return\n    self.next(self.end)\n")) as workshop:
            self.assertIn("step start ended without self.next", workshop.step("start").error)

    def test_a_process_that_the_body_forked_does_not_end_the_step(self):
        with Workshop(flow("""
            @step
            def start(self):
                self.child = os.fork()
                if self.child: os.waitpid(self.child, 0)
                self.next(self.end)
            """)) as workshop:
            outcome = workshop.step("start")
            self.assertGreater(outcome.value("child"), 0)
            self.assertIn("a process that step start forked came to the end of its body", outcome.errors)

    def test_what_goes_wrong_in_a_process_that_the_body_forked_is_told_and_is_its_own(self):
        for line, code, told in (("1/0", 1, "ZeroDivisionError"), ("sys.exit(3)", 3, "called sys.exit"), ("pass", 0, "came to the end")):
            with self.subTest(line):
                with Workshop(flow(
                        f"@step\ndef start(self):\n    import sys\n    child = os.fork()\n    if child == 0:\n        {line}\n"
                        "    else:\n        self.left = os.waitpid(child, 0)[1] >> 8\n    self.next(self.end)\n")) as workshop:
                    outcome = workshop.step("start")
                    self.assertEqual((outcome.code, outcome.value("left")), (0, code))
                    self.assertIn(told, outcome.errors)
                    self.assertEqual(outcome.errors.count("it ends here"), 1)

    def test_a_crash_says_where_it_was(self):
        outcome = self.fails("import ctypes\nctypes.string_at(0)")
        self.assertLess(outcome.code, 0)
        self.assertIn('flow.py", line 8 in start', outcome.errors)

    def test_a_wrong_number_of_nodes_or_elements_is_refused(self):
        body = "@step\ndef start(self):\n    self.items = {}\n    self.next(self.a, {})\n@parallel\n@step\ndef a(self): self.next(self.j)\n@step\ndef j(self, inputs): self.next(self.end)\n"
        cases = [
            ("[]", "foreach='items'", "self.items is empty"), ("3", "foreach='items'", "self.items is int and has no elements"),
            ("3", "foreach='itmes'", "has no artifact 'itmes'; did you mean items?"), ("3", "num_parallel=0", "num_parallel is 0"),
            ("3", "num_parallel='2'", "num_parallel has to be a whole number, not '2'"),
            ("3", "num_parallel=1.5", "num_parallel has to be a whole number, not 1.5"),
        ]
        for items, option, expected in cases:
            with self.subTest(option), Workshop(flow(body.format(items, option))) as workshop:
                self.assertIn(expected, workshop.step("start").error)


if __name__ == "__main__":
    unittest.main()
