"""`kill -9` of one node's step process, until every process of the gang is gone and the run has reported the failure.

The gang has four nodes that are busy, each with a child and with a daemon in a session of its own.
"""

import os
import signal
import subprocess
import time

from harness import Result, Unmeasured, say
from processes import scoped

LIMIT = 1.0
ROUNDS = 5
NODES = 4


def measure(bench):
    flow = bench.flow("FailingGangFlow")
    gone, reported = [], []
    for round in range(ROUNDS):
        times = one(bench, flow, node=round % NODES)
        say(f"round {round + 1}: node {round % NODES} killed; gone after {times[0]:.3f}, reported after {times[1]:.3f}")
        gone.append(times[0])
        reported.append(times[1])
    value = max(gone + reported)
    return Result(
        {"gone": gone, "reported": reported}, value, LIMIT, "seconds", "from the kill; value is the worst of all")


def one(bench, flow, node):
    command = [flow, "run", "--nodes", str(NODES), "--way", "none", "--delay", "600", "--busy", "600"]
    process = subprocess.Popen(
        command, cwd=bench.folder("muster"), env=bench.muster_environment(), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True)
    try:
        victim = wait_for(lambda: step_process(node), 60, process)
        time.sleep(0.5)  # lets the machine come to rest, so that only the end is measured
        start = time.monotonic()
        os.kill(victim, signal.SIGKILL)
        gone = reported = None
        while gone is None or reported is None:
            now = time.monotonic() - start
            if now > 60:
                raise Unmeasured(f"after 60 s: processes gone {gone}, reported {reported}")
            if gone is None and not scoped():
                gone = time.monotonic() - start
            if reported is None and process.poll() is not None:
                reported = time.monotonic() - start
            time.sleep(0.002)
        output = process.stdout.read()
        if process.returncode == 0 or "SIGKILL" not in output:
            raise Unmeasured(f"the run did not report the kill (exit code {process.returncode}):\n{output[-2000:]}")
        return gone, reported
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def step_process(node):
    """The step process of that node, once every node is busy: its daemon and its child are both a `sleep`."""
    processes = scoped()
    sleeping = [variables.get("MUSTER_NODE_INDEX") for _, name, variables in processes if name == "sleep"]
    # The node that is told to fail sleeps by itself and has the daemon alone.
    if len(sleeping) < 2 * NODES - 1 or len(set(sleeping)) < NODES:
        return None
    for pid, name, variables in processes:
        # Flow programs that serve the steps of single nodes wait beside the gang.
        is_step = name in ("FailingGangFlow", "FlowFixtures") and variables.get("MUSTER_STEP") == "work"
        if is_step and variables.get("MUSTER_NODE_INDEX") == str(node):
            return pid
    return None


def wait_for(question, seconds, process):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = question()
        if answer is not None:
            return answer
        if process.poll() is not None:
            raise Unmeasured(f"the run ended before its gang was busy:\n{process.stdout.read()[-2000:]}")
        time.sleep(0.01)
    raise Unmeasured(f"the gang was not busy after {seconds} s: {[(pid, name) for pid, name, _ in scoped()]}")
