"""The sample backend of Examples/Backends, asked as Muster asks: the conversation on file, and what a backend promises."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "Examples", "Backends", "muster-backend-processes")
CONVERSATION = os.path.join(ROOT, "Tests", "Golden", "backend", "conversation.jsonl")


class Backend:
    """The program, with one line for each question."""

    def __init__(self, folder):
        environment = {**os.environ, "MUSTER_PROCESSES": folder}
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM], env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.count = 0

    def line(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip("\n")

    def ask(self, ask, **fields):
        self.count += 1
        answer = json.loads(self.line(json.dumps({"id": self.count, "ask": ask, **fields})))
        assert answer.pop("id") == self.count
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(10)


@contextlib.contextmanager
def backend(folder):
    program = Backend(folder)
    try:
        yield program
    finally:
        program.close()


def launch(task, *command, nodes=2):
    return {
        "attempt": {"flow": "F", "run": "1", "step": "train", "task": task, "attempt": 0}, "nodes": nodes, "minimum": nodes,
        "name": f"mu-abcdefgh-train-{task}-0", "command": list(command), "place": {"name": "processes", "options": {}}}


class ProgramTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.jobs = os.path.join(folder.name, "jobs")

    def submit(self, program, task, *command):
        return program.ask("submit", request=program.ask("request", launch=launch(task, *command))["request"])["job"]

    def state(self, program, job):
        (entry,) = program.ask("look", jobs=[job])["states"]
        self.assertEqual(entry["job"], job)
        return entry["state"]

    def wait(self, program, job, name):
        for _ in range(400):
            state = self.state(program, job)
            if name in state:
                return state[name]
            time.sleep(0.05)
        self.fail(f"{job} is {state}, not {name}")

    def test_the_conversation_is_the_one_on_file(self):
        with open(CONVERSATION) as file:
            lines = file.read().splitlines()
        with backend(self.jobs) as program:
            for question, expected in zip(lines[::2], lines[1::2]):
                with self.subTest(question):
                    asked = json.loads(question)
                    if asked["ask"] == "look" and asked["jobs"][0]["name"] != "mu-x":
                        self.wait(program, asked["jobs"][0], "ended")
                    self.assertEqual(program.line(question), expected)

    def test_every_node_runs_once_and_knows_which_it_is(self):
        seen = os.path.join(self.folder, "seen")
        with backend(self.jobs) as program:
            job = self.submit(program, 1, "sh", "-c", f"echo $MUSTER_NODE_INDEX $MUSTER_NODE_COUNT $MUSTER_JOB >> {seen}")
            self.assertEqual(self.wait(program, job, "ended")["kind"], "completed")
        with open(seen) as file:
            self.assertEqual(sorted(file), [f"{index} 2 {job['name']}.0\n" for index in range(2)])

    def test_a_job_that_is_submitted_twice_is_one(self):
        seen = os.path.join(self.folder, "seen")
        with backend(self.jobs) as program:
            first = self.submit(program, 1, "sh", "-c", f"echo >> {seen}; sleep 600")
            with backend(self.jobs) as other:
                self.assertEqual(self.submit(other, 1, "sh", "-c", f"echo >> {seen}; sleep 600"), first)
                self.assertEqual(other.ask("find", flow="F", run="1")["jobs"], [first])
                self.assertEqual(other.ask("find", flow="F", run="2")["jobs"], [])
            program.ask("cancel", job=first)
            self.wait(program, first, "ended")
        with open(seen) as file:
            self.assertEqual(len(file.read()), 2)

    def test_a_job_outlives_its_program_and_is_found_and_ended_by_the_next_one(self):
        with backend(self.jobs) as program:
            job = self.submit(program, 1, "sleep", "600")
            self.assertIn("hosts", self.wait(program, job, "running"))
        with backend(self.jobs) as program:
            self.assertEqual(program.ask("find", flow="F", run="1")["jobs"], [job])
            program.ask("cancel", job={"id": "", "name": job["name"]})
            self.assertEqual(self.wait(program, job, "ended")["kind"], "cancelled")
            self.assertEqual(program.ask("cancel", job=job), {})

    def test_the_exit_code_of_a_node_is_told(self):
        with backend(self.jobs) as program:
            job = self.submit(program, 1, "sh", "-c", "exit $((MUSTER_NODE_INDEX * 7))")
            self.assertEqual(self.wait(program, job, "ended")["exitCode"], 7)

    def test_what_is_no_question_is_answered_too(self):
        with backend(self.jobs) as program:
            for line in ("", "{", "[]", "5", '{"ask":"hello"}'):
                self.assertEqual(json.loads(program.line(line))["error"]["code"], "backend.answer")
            for ask in ("look", "submit", "find", "request"):
                self.assertEqual(program.ask(ask)["error"]["code"], "backend.answer")


if __name__ == "__main__":
    unittest.main()
