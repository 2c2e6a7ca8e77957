"""Runs a dummy step, so that a spare child has its own copies of the pages that every step writes to.

After a fork, parent and child share their pages, and the kernel copies a page at the first write to it. Counting
references is writing, so a step causes 700 such page faults. A child that waits for its request takes them before it is
needed, if a processor is free meanwhile: this saves 1 ms of 7.5 of a served step, and costs half a millisecond of
processor time (Benchmarks: python-foreach).
"""

import contextlib
import json
import os

from .. import artifacts
from ..running import running
from ..task.task import Task

_DESCRIPTION = """{
  "version": 1, "socket": "", "user": "", "taskID": "1", "temporaryFolder": "", "tags": [], "parameters": {},
  "attempt": {"flow": "Dummy", "run": "1", "step": "start", "task": 1, "attempt": 0},
  "inputs": [{"step": "start", "artifacts": {"unchanged": {"digest": "", "size": 1, "encoding": "pickle"}}}],
  "foreach": [{"index": 0, "count": 1, "item": "1"}], "parallel": {"nodes": 1, "index": 0}
}"""


_MODULE = compile("""
from muster import FlowSpec, step


class Dummy(FlowSpec):
    @step
    def start(self):
        self.input
        self.next(self.end)

    @step
    def end(self):
        pass
""", __file__, "exec", dont_inherit=True)


def prefault():
    """Runs the dummy step. It has no effects, and its failure is ignored: steps only run slower then."""
    with contextlib.suppress(Exception):
        perform()
    running.end()


def perform():
    module = {"__name__": __name__}
    exec(_MODULE, module)
    task = Task(module["Dummy"], "start", os.devnull, json.loads(_DESCRIPTION))
    task.perform()
    artifacts.write([1], os.devnull)
    with open(os.devnull, "w", encoding="utf-8") as file:
        json.dump(task.result(), file)
