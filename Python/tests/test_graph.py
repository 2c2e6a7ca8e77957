import os
import tempfile
import unittest

from support import Workshop, flow


class GraphTests(unittest.TestCase):
    """The graph is read from the source without running a step."""

    def edges(self, body):
        with Workshop(flow(body)) as workshop:
            manifest = workshop.describe()
            self.assertEqual(manifest["problems"], [])
            return {step["name"]: step["edges"] for step in manifest["steps"]}

    def test_every_form_of_next_becomes_its_edge(self):
        edges = self.edges("""
            @step
            def start(self):
                raise SystemExit("no step runs for a description")
                self.next(self.a, self.b)
            @step
            def a(self):
                self.next(self.c, foreach='items')
            @step
            def b(self):
                self.next(self.d, num_parallel=self.count)
            @step
            def c(self):
                self.next({'x': self.e, 'y': self.f, 'z': self.e}, condition='which')
            @parallel
            @step
            def d(self):
                self.next(self.g)
            @step
            def e(self): self.next(self.end)
            @step
            def f(self): self.next(self.end)
            @step
            def g(self, inputs): self.next(self.end)
            """)
        self.assertEqual(edges["start"], [{"branches": {"to": ["a", "b"]}}])
        self.assertEqual(edges["a"], [{"foreach": {"to": "c"}}])
        self.assertEqual(edges["b"], [{"nodes": {"to": "d"}}])
        self.assertEqual(edges["c"], [{"step": {"to": "e"}}, {"step": {"to": "f"}}])
        self.assertEqual(edges["end"], [])

    def test_a_run_begins_and_ends_with_the_steps_that_say_so_or_with_the_only_one(self):
        marked = """
            @step(start=True)
            def first(self): self.next(self.last)
            @step(end=True, node_info={'a': 1})
            def last(self): pass
            """
        head, _, _ = flow(marked).partition("    @step\n    def end")
        with Workshop(head + "TestFlow()") as workshop:
            manifest = workshop.describe()
            self.assertEqual((manifest["start"], manifest["end"], manifest["problems"]), ("first", "last", []))
            self.assertEqual(workshop.step("first").transition, {"step": {"to": "last"}})
            self.assertEqual(workshop.step("last").transition, {"end": {}})
        only, _, _ = flow("").partition("    @step")
        with Workshop(only + "    @step\n    def only(self): self.x = 1\nTestFlow()") as workshop:
            manifest = workshop.describe()
            self.assertEqual((manifest["start"], manifest["end"], manifest["problems"]), ("only", "only", []))
            self.assertEqual(workshop.step("only").transition, {"end": {}})

    def test_marks_that_contradict_each_other_are_problems(self):
        with Workshop(flow("@step(start=True)\ndef a(self): self.next(self.b)\n@step(start=True, end=True)\ndef b(self): pass")) as workshop:
            problems = workshop.problems()
            self.assertEqual(len(problems), 2, problems)
            self.assertIn("steps a, b all have @step(start=True); keep it on one of them", problems[0])
            self.assertIn("step b has @step(end=True) beside a step called end", problems[1])

    def test_steps_of_a_base_come_first_and_can_be_replaced(self):
        source = "from muster import FlowSpec, step\n" + """
class Base(FlowSpec):
    @step
    def start(self):
        self.next(self.middle)
    @step
    def middle(self):
        self.next(self.end)

class Derived(Base):
    @step
    def middle(self):
        self.next(self.last)
    @step
    def last(self):
        self.next(self.end)
    @step
    def end(self):
        pass

if __name__ == '__main__':
    Derived()
"""
        with Workshop(source) as workshop:
            manifest = workshop.describe()
        self.assertEqual(manifest["name"], "Derived")
        self.assertEqual([step["name"] for step in manifest["steps"]], ["start", "middle", "last", "end"])
        self.assertEqual(manifest["steps"][1]["edges"], [{"step": {"to": "last"}}])

    def test_mistakes_are_named_with_their_line(self):
        cases = {
            "x = 1": "7: step start does not say what comes next",
            "self.next(self.end)\n        self.next(self.end)": "8: step start calls self.next twice",
            "if self.x:\n            self.next(self.end)": "9: step start calls self.next before its last line",
            "self.next(self.edn)": "8: step start goes on to edn, and there is no such step; did you mean end?",
            "self.next('end')": "8: step start: self.next takes steps of this flow, written as self.name",
            "self.next(self.end, foreach=self.items)": "8: step start: foreach takes the name of an artifact as a text",
            "self.next(self.end, for_each='items')": "8: step start: self.next has no option 'for_each'; did you mean foreach?",
            "self.next(self.end, foreach='x', num_parallel=2)": "8: step start: self.next takes one of foreach, num_parallel",
            "self.next(self.end, self.start, foreach='x')": "8: step start: self.next with foreach leads to one step, not to 2",
            "self.next(self.end, condition='x')": "8: step start: with condition, self.next takes one dict",
            "self.next()": "8: step start: self.next names no step",
        }
        for line, expected in cases.items():
            with self.subTest(line), Workshop(flow(f"\n\n@step\ndef start(self):\n    {line.replace(chr(10) + '    ', chr(10))}\n")) as workshop:
                problems = workshop.problems()
                self.assertEqual(len(problems), 1, problems)
                self.assertTrue(problems[0].split(": ", 1)[1].startswith(expected.split(": ", 1)[1]), problems)

    def test_the_flow_s_own_line_is_that_of_its_class(self):
        with Workshop(flow("@step\ndef start(self): self.next(self.end)\n").replace("class TestFlow", "@schedule(daily=True)\n@project(name='p')\nclass TestFlow")) as workshop:
            self.assertEqual(workshop.describe()["location"], {"file": "flow.py", "line": 6})

    def test_the_line_is_that_of_the_call(self):
        with Workshop(flow("@step\ndef start(self):\n    a = 1\n    self.next(self.edn)\n")) as workshop:
            problem, = workshop.describe()["problems"]
            self.assertEqual(problem["location"], {"file": "flow.py", "line": 8})
            self.assertEqual(problem["code"], "flow.unknown-step")

    def test_a_circle_is_one_problem_that_names_its_steps(self):
        with Workshop(flow("""
            @step
            def start(self): self.next(self.a)
            @step
            def a(self): self.next(self.b)
            @step
            def b(self): self.next(self.a)
            """)) as workshop:
            problems = workshop.problems()
        self.assertEqual(len(problems), 1)
        self.assertIn("steps a → b → a go round in a circle", problems[0])

    def test_a_loop_with_a_way_out_is_none(self):
        self.edges("""
            @step
            def start(self): self.next(self.a)
            @step
            def a(self): self.next({True: self.a, False: self.end}, condition='more')
            """)

    def test_a_step_takes_self_and_a_join_inputs(self):
        with Workshop(flow("@step\ndef start(self, one, two): self.next(self.end)\n")) as workshop:
            self.assertIn("step start takes (self, one, two)", workshop.problems()[0])

    def test_modules_are_loaded_to_read_a_flow_and_missing_ones_are_told(self):
        body = "@step\ndef start(self):\n    self.x = heavy.value\n    self.next(self.end)\n"
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "heavy.py"), "w") as file:
                file.write("print('loaded')\nvalue = default = 7\n")
            place = {"PYTHONPATH": folder}

            def said(line, body=body):
                with Workshop(flow(body).replace("import os\n", f"import os\n{line}\n", 1), own_py="print('own')") as workshop:
                    done = workshop.call("describe", environment=place)
                    return done.returncode, done.stderr

            self.assertEqual(said("import heavy"), (0, "loaded\n"))
            self.assertEqual(said("import heavy as h", "p = Parameter('p', default=h.default)\n" + body), (0, "loaded\n"))
            self.assertEqual(said("from heavy import value"), (0, "loaded\n"))
            self.assertEqual(said("import own"), (0, "own\n"))
            self.assertIn("No module named 'heavier'", said("import heavier")[1])

    def test_artifacts_and_entrypoints_are_read_from_the_bodies(self):
        with Workshop(flow("""
            @step
            def start(self):
                self.a, (self.b, c) = 1, (2, 3)
                for self.d in []: pass
                self.helper()
                self.e += 1
                current.torch.run(entrypoint='train.py', entrypoint_args={'x': 1})
                current.torch.run(entrypoint='package.module', torchrun_args=['-m'])
                current.torch.run(entrypoint='env', torchrun_args={'no-python': ''})
                current.torch.run(entrypoint='unknown', torchrun_args=[self.a])
                current.torch.run(entrypoint='./own', torchrun_args={'no-python': ''})
                current.torch.run(entrypoint='more.py', torchrun_args={'max-restarts': 1})
                self.next(self.end)
            def helper(self):
                self.f = 1
            """)) as workshop:
            manifest = workshop.describe()
        self.assertEqual(manifest["artifacts"], ["a", "b", "d", "e", "f"])
        self.assertEqual(manifest["steps"][0]["entrypoints"], ["train.py", "./own", "more.py"])


if __name__ == "__main__":
    unittest.main()
