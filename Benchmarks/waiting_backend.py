"""A place at which tasks of `work` wait for ever; other steps run as processes of this machine, as the sample has it.

`MUSTER_QUESTIONS` is a file to which every question is written as a line: seconds of a monotonic clock, and its name.
"""

import importlib.machinery
import importlib.util
import os
import pathlib
import time

SAMPLE = pathlib.Path(__file__).resolve().parent.parent / "Examples/Backends/muster-backend-processes"
loader = importlib.machinery.SourceFileLoader("processes", str(SAMPLE))
processes = importlib.util.module_from_spec(importlib.util.spec_from_loader("processes", loader))
loader.exec_module(processes)


def waits(name):
    return "-work-" in name


def submit(question):
    name = question["request"]["name"]
    return {"job": {"id": name, "name": name}} if waits(name) else processes.submit(question)


def look(question):
    queued = {"queued": {"reason": "Priority", "isHopeless": False}}
    return {"states": [
        {"job": job, "state": queued if waits(job["name"]) else processes.state_of(job["id"])} for job in question["jobs"]]}


def hello(question):
    # The times are the defaults, those of a scheduler that serves others too.
    return {"version": processes.VERSION, "name": "waiting", "capabilities": {}}


def noted(name, answer):
    def note(question):
        with open(os.environ["MUSTER_QUESTIONS"], "a") as file:
            file.write(f"{time.monotonic()} {name}\n")
        return answer(question)
    return note


processes.ASKED.update(hello=hello, submit=submit, look=look)
for name, answer in list(processes.ASKED.items()):
    processes.ASKED[name] = noted(name, answer)
processes.main()
