import os
import unittest

from support import Workshop, flow

HEAD = '''
import functools
import os
from metaflow import *
from metaflow.decorators import StepDecorator, _base_step_decorator
from metaflow.plugins.parallel_decorator import ParallelDecorator

class Ring(ParallelDecorator):
    name = "ring"
    defaults = {"port": 7000}
    def setup_distributed_env(self, flow):
        os.environ["RING"] = f"{current.parallel.node_index}/{current.parallel.num_nodes}:{self.attributes['port']} {flow.before}"

class Hooks(StepDecorator):
    name = "hooks"
    defaults = {"times": 0, "swallows": False}
    def init(self):
        self.seen = [self.attributes["times"]]
    def step_init(self, flow, graph, step_name, decorators, environment, flow_datastore, logger):
        self.seen.append(f"init {step_name} {len(decorators)}")
    def step_task_retry_count(self):
        return self.attributes["times"], 0
    def task_pre_step(self, step_name, task_datastore, metadata, run_id, task_id, flow, graph, retry_count,
                      max_user_code_retries, ubf_context, inputs):
        self.seen.append(f"pre {run_id}/{step_name} {retry_count} {ubf_context} {[each.pathspec for each in inputs]}")
    def task_decorate(self, step_func, flow, graph, retry_count, max_user_code_retries, ubf_context):
        def run():
            self.seen.append("around")
            step_func()
        return run
    def task_post_step(self, step_name, flow, graph, retry_count, max_user_code_retries):
        flow.seen = self.seen + ["post"]
    def task_exception(self, exception, step_name, flow, graph, retry_count, max_user_code_retries):
        flow.raised = repr(exception)
        return self.attributes["swallows"]
    def task_finished(self, step_name, flow, graph, is_task_ok, retry_count, max_user_code_retries):
        print("finished", is_task_ok)
    def runtime_init(self, flow, graph, package, run_id):
        pass

ring = functools.partial(_base_step_decorator, Ring)
hooks = functools.partial(_base_step_decorator, Hooks)
'''


class ForeignDecoratorTests(unittest.TestCase):
    def workshop(self, body):
        workshop = Workshop(flow(body).replace("from metaflow import *\nimport os\n", HEAD))
        self.addCleanup(workshop.__exit__)
        return workshop

    def test_a_gang_of_somebodys_own_sets_its_nodes_up_before_the_body(self):
        workshop = self.workshop("""
            @step
            def start(self):
                self.before = "b"
                self.next(self.work, num_parallel=2)
            @ring(port=8000)
            @step
            def work(self):
                self.seen = os.environ["RING"]
                self.next(self.join)
            @step
            def join(self, inputs):
                self.next(self.end)
            """)
        manifest = workshop.describe()
        self.assertEqual(manifest["problems"], [])
        self.assertTrue(manifest["steps"][1]["settings"]["isGang"])
        start = workshop.step("start")
        for index in range(2):
            self.assertEqual(workshop.step("work", [start], nodes=2, index=index).value("seen"), f"{index}/2:8000 b")

    def test_hooks_around_the_body_are_called_in_their_order_and_others_are_told(self):
        workshop = self.workshop("@hooks(times=2)\n@step\ndef start(self): self.next(self.end)")
        manifest = workshop.describe()
        self.assertEqual(manifest["steps"][0]["settings"]["retry"]["times"], 2)
        self.assertEqual(manifest["notes"], ["@hooks: its hooks runtime_init are not called"])
        outcome = workshop.step("start", attempt=1)
        self.assertEqual(outcome.value("seen"), [2, "init start 1", "pre 7/start 1 None []", "around", "post"])
        self.assertIn("finished True", outcome.output)

    def test_a_hook_may_keep_what_is_raised(self):
        body = "@hooks(swallows={})\n@step\ndef start(self):\n    raise ValueError('x')\n    self.next(self.end)"
        outcome = self.workshop(body.format(True)).step("start")
        self.assertEqual(outcome.transition, {"step": {"to": "end"}})
        self.assertEqual(outcome.value("raised"), "ValueError('x')")
        outcome = self.workshop(body.format(False)).step("start")
        self.assertIn("ValueError: x", outcome.error)
        self.assertIn("finished False", outcome.output)

    def test_with_knows_it_by_its_name_and_wrong_options_are_refused(self):
        workshop = self.workshop("@step\ndef start(self): self.next(self.end)")
        steps = workshop.describe("--with", "hooks:times=3")["steps"]
        self.assertEqual([each["settings"]["retry"]["times"] for each in steps], [3, 3])
        done = self.workshop("@hooks(time=1)\n@step\ndef start(self): self.next(self.end)").call("describe")
        self.assertIn("@hooks has no option 'time'; did you mean times?", done.stderr)

    def test_decorators_of_packages_that_extend_metaflow_are_found_by_name(self):
        source = flow("@ring\n@step\ndef start(self): self.next(self.end)").replace("import *", "import FlowSpec, ring, step", 1)
        files = {
            "plugins/mfextinit_ours.py": "STEP_DECORATORS_DESC = [('ring', '.rings.Ring'), ('lost', '.lost.Lost')]\n",
            "plugins/rings.py": "from metaflow.decorators import StepDecorator\nclass Ring(StepDecorator):\n    name = 'ring'\n"
                                "    def task_post_step(self, step_name, flow, *rest):\n        flow.rang = step_name\n",
            "plugins/lost.py": "from metaflow.datastore.inputs import Nothing\n",
        }
        workshop = Workshop(source)
        self.addCleanup(workshop.__exit__)
        for name, text in files.items():
            path = os.path.join(workshop.folder, "metaflow_extensions", "ours", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        self.assertEqual(workshop.step("start").value("rang"), "start")
        self.assertEqual(workshop.describe("--with", "ring")["steps"][1]["decorators"], [{"name": "ring", "options": {}}])
        with open(workshop.file) as file:
            lost = file.read().replace("ring", "lost")
        with open(workshop.file, "w") as file:
            file.write(lost)
        done = workshop.call("describe")
        self.assertIn("the decorator @lost of metaflow_extensions.ours.plugins cannot be used here", done.stderr)


if __name__ == "__main__":
    unittest.main()
