"""A flow in a temporary folder, with an agent that the tests play themselves."""

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKAGE = os.path.join(ROOT, "muster")
sys.path.insert(0, ROOT)


# The agent's answer about a missing artifact.
GONE = {"failed": {"failure": {"code": "artifact.unreadable", "message": "the artifact is gone", "causes": []}}}


class Agent:
    """Answers a step's requests: artifacts from a folder, everything else as the test has set it. It records all
    requests.
    """

    def __init__(self, folder):
        self.path = os.path.join(folder, "agent.sock")
        self.files = {}
        # Stored pages of cards: (name, HTML).
        self.cards = []
        self.requests = []
        self.answer = {"done": {}}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.bind(self.path)
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, connection.makefile("rwb") as stream:
                    for line in stream:
                        request = json.loads(line)
                        self.requests.append(request)
                        answer = self.answer
                        if "artifact" in request:
                            path = self.files.get(request["artifact"]["reference"]["digest"])
                            answer = {"artifact": {"path": path}} if path else GONE
                        if "artifacts" in request:
                            paths = [self.files.get(each["digest"]) for each in request["artifacts"]["references"]]
                            answer = GONE if None in paths else {"artifacts": {"paths": paths}}
                        if "card" in request:
                            with open(os.path.join(self.task_folder, request["card"]["path"]), encoding="utf-8") as file:
                                self.cards.append((request["card"]["name"], file.read()))
                        stream.write(json.dumps(answer).encode() + b"\n")
                        stream.flush()

    def close(self):
        self._socket.close()


class Workshop:
    """A folder with one flow."""

    def __init__(self, source, **files):
        self.folder = tempfile.mkdtemp(prefix="muster-py-")
        self.file = os.path.join(self.folder, "flow.py")
        with open(self.file, "w") as file:
            file.write(textwrap.dedent(source))
        for name, text in files.items():
            with open(os.path.join(self.folder, name.replace("_", ".", 1)), "w") as file:
                file.write(text)
        self.agent = Agent(self.folder)
        self.count, self.run = 0, "7"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.agent.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def store(self):
        return os.path.join(self.folder, ".muster")

    def call(self, *words, front=(), environment=None):
        return subprocess.run(
            [sys.executable, PACKAGE, self.file, *front, *words], capture_output=True, text=True, cwd=self.folder,
            env={**os.environ, "MUSTER_STORE": self.store, **(environment or {})}, stdin=subprocess.DEVNULL)

    def describe(self, *front):
        done = self.call("describe", front=front)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def problems(self):
        return [f"{each['location']['line']}: {each['message']}" for each in self.describe()["problems"]]

    def step(self, name, inputs=(), foreach=(), nodes=1, index=0, parameters=None, attempt=0, front=(), **more):
        """Runs one step; `inputs` are outcomes of other steps. Returns its Outcome."""
        self.count += 1
        folder = os.path.join(self.folder, f"task-{self.count}")
        os.mkdir(folder)
        self.agent.task_folder = folder
        task = self.task(folder, name, inputs, foreach, nodes, index, parameters or {}, attempt)
        with open(os.path.join(folder, "task.json"), "w") as file:
            json.dump({**task, **more}, file)
        done = self.call("step", name, "--folder", folder, front=front)
        return Outcome(self, name, self.count, folder, done)

    def task(self, folder, name, inputs, foreach, nodes, index, parameters, attempt):
        return {
            "version": 1, "taskID": str(self.count), "user": "somebody", "parameters": parameters,
            "attempt": {"flow": "TestFlow", "run": self.run, "step": name, "task": self.count, "attempt": attempt},
            "inputs": [
                {"step": each.step, "taskID": str(each.number), "artifacts": each.references} for each in inputs],
            "foreach": list(foreach),
            "parallel": {"controlAddress": "127.0.0.9", "nodes": nodes, "index": index, "controlTaskID": str(self.count)},
            "socket": self.agent.path, "temporaryFolder": folder,
        }


class Outcome:
    """The result, the output and the artifacts of a step."""

    def __init__(self, workshop, step, number, folder, done):
        self.step, self.number, self.folder = step, number, folder
        self.code, self.output, self.errors = done.returncode, done.stdout, done.stderr
        self.result = None
        path = os.path.join(folder, "result.json")
        if os.path.exists(path):
            with open(path) as file:
                self.result = json.load(file)
        self.references = dict(self.result["unchanged"]) if self.result else {}
        self._workshop = workshop
        for name, file in (self.result or {"artifacts": {}})["artifacts"].items():
            self.references[name] = self._take(file)

    def _take(self, file):
        """Takes a file of the task folder over, as the agent does, and returns its reference."""
        path = os.path.join(self.folder, file["path"])
        with open(path, "rb") as opened:
            data = opened.read()
        digest = hashlib.sha256(data).hexdigest()
        self._workshop.agent.files[digest] = path
        return {"digest": digest, "size": len(data), "encoding": file["encoding"]}

    @property
    def transition(self):
        assert self.code == 0, self.errors
        return self.result["transition"]

    @property
    def error(self):
        return self.result["error"]["message"]

    @property
    def frames(self):
        """For each element of the foreach that the step began: the frame for its task."""
        with open(os.path.join(self.folder, "items.jsonl")) as file:
            lines = file.read().splitlines()
        return [
            {"step": self.step, "index": index, "count": len(lines),
             **({"artifact": self._take(json.loads(line[1:]))} if line.startswith("@") else {"item": line})}
            for index, line in enumerate(lines)]

    def value(self, name):
        from muster import artifacts
        return artifacts.read(self._workshop.agent.files[self.references[name]["digest"]])


def flow(body):
    """A flow with this class body, and an `end`."""
    head = "from metaflow import *\nimport os\n\nclass TestFlow(FlowSpec):\n"
    tail = "    @step\n    def end(self):\n        pass\n\nif __name__ == '__main__':\n    TestFlow()\n"
    return head + textwrap.indent(textwrap.dedent(body), "    ") + "\n" + tail
