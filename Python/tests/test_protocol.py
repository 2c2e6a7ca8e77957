import json
import os
import tempfile
import unittest
from unittest import mock

from support import ROOT, Workshop, flow

GOLDEN = os.path.join(os.path.dirname(ROOT), "Tests", "Golden", "step")
BODY = """
    alpha = Parameter('alpha', default=1.0)
    shape = Parameter('shape', type=JSONType)
    @step
    def start(self):
        self.next(self.work, foreach='items')
    @step
    def work(self):
        assert (self.alpha, self.shape) == (0.5, {'layers': [1, 2.0]})
        assert (self.input, self.index) == ('first', 0)
        assert (current.pathspec, current.retry_count, current.origin_run_id) == ('TestFlow/17/work/3', 1, '16')
        assert (current.tags, current.namespace, current.username) == ({'nightly'}, 'user:ada', 'ada')
        self.made = [1, 2]
        self.next(self.next_, foreach='made')
    @step
    def next_(self):
        self.next(self.end)
    """


def golden(name):
    with open(os.path.join(GOLDEN, name)) as file:
        return file.read()


@unittest.skipUnless(os.path.isdir(GOLDEN), "the golden files are not beside this copy of the front end")
class ProtocolTests(unittest.TestCase):
    """Reads and writes the golden files that the Swift tests share."""

    def test_a_task_file_becomes_a_task_and_a_result(self):
        with Workshop(flow(BODY)) as workshop:
            with mock.patch.object(Workshop, "task", lambda *_: json.loads(golden("task.json"))):
                outcome = workshop.step("work")
        self.assertEqual(outcome.code, 0, outcome.errors)
        expected = json.loads(golden("result.json"))
        expected["transition"]["foreach"]["to"] = "next_"
        self.assertEqual(outcome.result, expected)

    def test_metaflow_is_the_real_one_where_that_is_asked_for(self):
        source = flow("@step\ndef start(self):\n    import metaflow\n    self.who = metaflow.WHO\n    self.next(self.end)\n")
        with Workshop(source.replace("from metaflow", "from muster"), metaflow_py="WHO = 'the real one'\n") as workshop:
            self.assertIn("Muster, which provides metaflow here, has no 'WHO'", workshop.step("start").errors)
            with mock.patch.dict(os.environ, {"MUSTER_USE_REAL_METAFLOW": "1"}):
                self.assertEqual(workshop.step("start").value("who"), "the real one")

    def test_requests_are_spelled_as_they_are_written_down(self):
        from muster.agent import Agent
        from muster.cards.page_writer import PageWriter
        from muster.task.current import Parallel
        from muster.task.frameworks import MPI, DeepSpeed, Torch
        sent = []

        class Recorder(Agent):
            def ask(self, request):
                sent.append(request)
                return "done", {"path": ""}

        agent = Recorder("")
        agent.locate({"digest": "ab" * 32, "size": 8, "encoding": "pickle"})
        Torch(agent).run(entrypoint="t.py", entrypoint_args={"lr": 0.1}, nproc_per_node=2)
        DeepSpeed(agent).run(entrypoint="t.py", deepspeed_args=["--x", 1])
        MPI(agent).exec(args=["-n", 2], program="pi", program_args=["a b"])
        MPI(agent).cc(args=["-O2"])
        with mock.patch("muster.task.current._task", lambda: mock.Mock(agent=agent)):
            place = Parallel("127.0.1.1", 2, 0, "3")
            place.launch(["true"])
            place.barrier()
        MPI(agent).broadcast_file("pi")
        with tempfile.TemporaryDirectory() as folder, mock.patch("muster.cards.page_writer.page", lambda *_, **__: ""):
            task = mock.Mock(agent=agent, folder=folder)
            decorator = mock.Mock(kind="default", options={"id": None, "refresh_interval": 5})
            PageWriter(task, decorator, 0).refresh([])
        self.assertEqual(sent, [json.loads(line) for line in golden("requests.jsonl").splitlines()])


if __name__ == "__main__":
    unittest.main()
