"""A thousand gangs in a queue: how much the engine asks of the scheduler, and what it takes of this machine meanwhile.

The place is a backend program at which they all wait. The value is the largest share of a limit: 6 questions a minute,
20 submissions at once and one a second after that, 1 % of a core.
"""

import os
import pathlib
import signal
import subprocess
import time

from harness import Result, Unmeasured, say

GANGS = 1000
SECONDS = 60
LOOKS, BURST, CORE = 6, 20, 0.01


def measure(bench):
    rate = submissions(bench)
    looks, core = waiting(bench)
    say(f"{looks} questions in {SECONDS} s with {GANGS} gangs in the queue, {core:.2%} of a core")
    value = max(rate, looks / LOOKS, core / CORE)
    return Result(
        {"submissions": [rate], "questions": [looks / LOOKS], "processor": [core / CORE]}, value, 1.0, "of the limit",
        f"{GANGS} gangs in a queue")


def submissions(bench):
    """Returns the number of submissions in half a minute, over the number that is allowed."""
    run = Run(bench, [])
    try:
        first = run.wait(lambda: run.times("submit")[1:])[0]
        time.sleep(SECONDS / 2)
        count = sum(each - first <= SECONDS / 2 for each in run.times("submit")[1:])
    finally:
        run.end()
    say(f"{count} submissions in {SECONDS / 2:.0f} s")
    return count / (BURST + SECONDS / 2 + 1)


def waiting(bench):
    """Returns the questions and the share of a core of a minute in which all gangs wait."""
    run = Run(bench, ["--setting", "queue.submission-interval=0.002", "--setting", "queue.submission-burst=1000"])
    try:
        run.wait(lambda: len(run.times("submit")) > GANGS)
        # Gangs are read often while they are young.
        time.sleep(90)
        start, before = time.monotonic(), run.processor()
        time.sleep(SECONDS)
        core = (run.processor() - before) / SECONDS
        looks = sum(each >= start for each in run.times("look"))
    finally:
        run.end()
    return looks, core


class Run:
    """A run whose thousand tasks are gangs at the place that lets them wait."""

    def __init__(self, bench, options):
        self.folder = bench.folder("queue")
        self.questions = self.folder / "questions"
        self.questions.touch()
        backend = self.folder / "muster-backend-waiting"
        script = pathlib.Path(__file__).resolve().parent.parent / "waiting_backend.py"
        backend.write_text(f"#!/bin/sh\nexec python3 {script}\n")
        backend.chmod(0o755)
        environment = bench.muster_environment()
        environment.update(
            PATH=f"{self.folder}:{environment['PATH']}", MUSTER_QUESTIONS=str(self.questions),
            MUSTER_PROCESSES=str(self.folder / "jobs"))
        self.process = subprocess.Popen(
            [bench.release / "muster", "run", bench.flow("ForeachFlow"), "--count", str(GANGS), "--with", "waiting", *options],
            cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def times(self, name):
        lines = (line.split() for line in self.questions.read_text().splitlines())
        return [float(line[0]) for line in lines if line[1:] == [name]]

    def wait(self, condition):
        end = time.monotonic() + 120
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise Unmeasured(f"the run ended with {self.process.returncode}: {self.process.stderr.read()[-2000:]}")
            found = condition()
            if found:
                return found
            time.sleep(0.1)
        raise Unmeasured("the gangs were not submitted within 120 s")

    def processor(self):
        """Returns seconds of processor that the engine has used."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
