import json
import os
import unittest

from support import Workshop, flow

TRAIN = """
@checkpoint{options}
@step
def start(self):
    self.began = (current.checkpoint.is_loaded, sorted(os.listdir(current.checkpoint.directory)))
    self.info = current.checkpoint.info and (current.checkpoint.info.name, current.checkpoint.info.attempt, current.checkpoint.info.metadata)
    {line}
    self.next(self.end)
"""
SAVE = """
    with open(f"{current.checkpoint.directory}/{current.retry_count}", "w") as file: file.write("x" * 10)
    self.saved = current.checkpoint.save(metadata={"n": current.retry_count})
"""


class CheckpointTests(unittest.TestCase):
    def workshop(self, line="pass", options=""):
        workshop = Workshop(flow(TRAIN.format(line=line.strip(), options=options)))
        self.addCleanup(workshop.__exit__)
        return workshop

    def attempt(self, workshop, attempt, run="7", task="1", nodes=1, index=0, namespace="user:ann", **more):
        workshop.run = run
        return workshop.step(
            "start", nodes=nodes, index=index, taskID=task if not index else f"{task}-node-{index}", namespace=namespace, attempt=attempt,
            parallel={"controlAddress": "127.0.0.1", "nodes": nodes, "index": index, "controlTaskID": task}, **more)

    def test_the_next_attempt_begins_with_what_the_last_one_has_saved(self):
        workshop = self.workshop(SAVE + "    if current.retry_count < 2: raise ValueError('again')")
        for attempt, began in enumerate([(False, []), (True, ["0"]), (True, ["0", "1"])]):
            outcome = self.attempt(workshop, attempt)
            self.assertEqual(outcome.value("began"), began, outcome.errors)
        self.assertEqual(outcome.value("info"), ("mfchckpt", 1, {"n": 1}))
        self.assertEqual((outcome.value("saved")["size"], outcome.value("saved")["pathspec"]), (30, "TestFlow/7/start/1"))
        self.assertEqual([each for each in os.listdir(outcome.folder) if each.startswith("metaflow_checkpoint")], [])

    def test_only_eager_begins_with_what_another_run_has_saved_and_only_in_its_namespace(self):
        for policy, loads in {"fresh": False, "none": False, "eager": True}.items():
            workshop = self.workshop(SAVE, f"(load_policy='{policy}')")
            self.attempt(workshop, 0)
            self.assertEqual(self.attempt(workshop, 0, run="8").value("began")[0], loads)
            self.assertFalse(self.attempt(workshop, 0, run="9", namespace="user:bob").value("began")[0])
            self.assertFalse(self.attempt(workshop, 0, run="9", tags=["checkpoint:mine"]).value("began")[0])
            self.assertEqual(self.attempt(workshop, 0, run="10", tags=["checkpoint:mine"]).value("began")[0], loads)
            self.assertEqual(self.attempt(workshop, 1, run="7").value("began")[0], policy != "none")

    def test_elements_of_a_loop_have_their_own(self):
        workshop = self.workshop(SAVE, "(load_policy='eager')")

        def element(text, run):
            return self.attempt(workshop, 0, run=run, foreach=[{"step": "s", "index": 0, "count": 2, "item": text}]).value("began")[0]
        self.assertFalse(element('"a"', "7"))
        self.assertFalse(element('"b"', "7"))
        self.assertTrue(element('"a"', "8"))

    def test_all_nodes_of_a_gang_share_one_and_fill_it_together(self):
        line = """
    node = current.parallel.node_index
    with open(f"{current.checkpoint.directory}/shard{node}", "w") as file: file.write(str(node))
    current.checkpoint.save()
    """
        source = flow(TRAIN.format(line=line.strip(), options="").replace("@checkpoint", "@parallel\n@checkpoint"))
        workshop = Workshop(source)
        self.addCleanup(workshop.__exit__)
        for index in range(2):
            self.assertEqual(self.attempt(workshop, 0, nodes=2, index=index).value("began"), (False, []))
        for index in range(2):
            self.assertEqual(self.attempt(workshop, 1, nodes=2, index=index).value("began"), (True, ["shard0", "shard1"]))

    def test_checkpoints_are_listed_and_loaded_by_reference_and_key_from_files_and_archives(self):
        line = """
    here = current.tempdir
    os.makedirs(f"{here}/model/deep")
    for name in ("a", "deep/b"):
        with open(f"{here}/model/{name}", "w") as file: file.write(name)
    first = current.checkpoint.save(f"{here}/model", name="whole", storage_format="tar", latest=False)
    second = current.checkpoint.save(f"{here}/model/a", name="best.1")
    self.listed = [(each["name"], each["version_id"]) for each in current.checkpoint.list()]
    self.named = [each["key"] for each in current.checkpoint.list(name="whole", attempt=0)] == [first["key"]]
    with Checkpoint() as other:
        other.load(first)
        self.unpacked = sorted(os.listdir(other.directory)), open(f"{other.directory}/deep/b").read()
        try:
            other.load("checkpoints/files/../../../etc/passwd/x")
        except Exception as error:
            self.refused = str(error)
    with open(f"{current.checkpoint.directory}/stale", "w"): pass
    current.checkpoint.load(second["key"])
    self.single = os.listdir(current.checkpoint.directory)
    """
        outcome = self.attempt(self.workshop(line), 0)
        self.assertEqual(outcome.code, 0, outcome.errors)
        self.assertEqual(outcome.value("listed"), [("best.1", 1), ("whole", 0)])
        self.assertTrue(outcome.value("named"))
        self.assertEqual(outcome.value("unpacked"), (["a", "deep"], "deep/b"))
        self.assertEqual(outcome.value("single"), ["a"])
        self.assertIn("is no checkpoint; current.checkpoint.save gives one", outcome.value("refused"))

    def test_a_program_that_the_step_starts_saves_in_its_name_with_and_without_its_variables(self):
        line = f"""
    import subprocess, sys
    code = "import sys; sys.path.insert(0, {os.path.dirname(os.path.dirname(os.path.abspath(__file__)))!r}); from muster import Checkpoint; Checkpoint().save(sys.argv[1], name=sys.argv[2])"
    with open(f"{{current.tempdir}}/file", "w") as file: file.write("1")
    subprocess.run([sys.executable, "-c", code, f"{{current.tempdir}}/file", "inherits"], check=True)
    keeps = {{name: value for name, value in os.environ.items() if name != "METAFLOW_CHECKPOINT_UID"}}
    keeps["MUSTER_TASK_FOLDER"] = current.tempdir
    subprocess.run([sys.executable, "-c", code, f"{{current.tempdir}}/file", "finds"], check=True, env=keeps)
    self.listed = sorted(each["name"] for each in current.checkpoint.list())
    """
        outcome = self.attempt(self.workshop(line), 0)
        self.assertEqual(outcome.value("listed"), ["finds", "inherits"], outcome.errors)

    def test_a_process_that_ends_while_it_saves_leaves_no_checkpoint(self):
        line = """
    os.mkfifo(f"{current.checkpoint.directory}/b")
    with open(f"{current.checkpoint.directory}/a", "w") as file: file.write("1")
    if current.retry_count == 0:
        try: current.checkpoint.save()
        except Exception as error: self.error = type(error).__name__
    self.count = len(current.checkpoint.list())
    """
        workshop = self.workshop(line)
        self.assertEqual(self.attempt(workshop, 0).value("count"), 0)
        self.assertEqual(self.attempt(workshop, 1).value("began"), (False, []))

    def test_a_page_tells_of_them_of_the_failed_attempt_as_well_but_for_show_card_false(self):
        workshop = self.workshop(SAVE + "    if current.retry_count < 1: raise ValueError('again')")
        self.attempt(workshop, 0)
        self.attempt(workshop, 1)
        names = [name for name, _ in workshop.agent.cards]
        self.assertEqual(set(names), {"0_blank_task_checkpoints"})
        pages = [page for _, page in workshop.agent.cards]
        self.assertIn("ValueError: again", pages[1])
        self.assertIn("which attempt 0 of", pages[-1])
        self.assertIn("TestFlow/start/", pages[-1])
        workshop = self.workshop(SAVE, "(show_card=False)")
        self.attempt(workshop, 0)
        self.assertEqual(workshop.agent.cards, [])

    def test_wrong_uses_are_said(self):
        cases = {
            "current.checkpoint.save(name='a/b')": "a checkpoint's name is a text of up to 100 characters without a '/', not 'a/b'",
            "current.checkpoint.save('/nowhere')": "there is nothing to save at /nowhere",
            "current.checkpoint.save(storage_format='zip')": "storage_format is 'zip'; there are files and tar",
        }
        for line, message in cases.items():
            self.assertIn(message, self.attempt(self.workshop(line), 0).error)
        done = self.workshop(options="(load_policy='lazy')").call("describe")
        self.assertIn("load_policy is 'lazy'; there are fresh, eager, none", done.stderr)
        with Workshop(flow("@step\ndef start(self):\n    current.checkpoint")) as workshop:
            self.assertIn("step start has no @checkpoint", workshop.step("start").error)


if __name__ == "__main__":
    unittest.main()
