"""`kill -9` of one node's process, until every process of the gang has ended and the run has reported the failure.

Gangs of four busy nodes: a plain one, in which each node has a child and a daemon in a session of its own, and whose
step process is killed; torchrun's and MPI's, each with two workers a node, one of which is killed.
"""

import os
import shutil
import signal
import subprocess
import time

import chaos
from harness import Result, Unmeasured, say
from processes import marked, scoped

LIMIT = 1.0
ROUNDS = 5
NODES = 4


def measure(bench):
    if not shutil.which("mpicc"):
        raise Unmeasured("there is no mpicc here; Debian's is in libopenmpi-dev")
    busy = ["--way", "none", "--delay", "600", "--busy", "600"]
    gangs = {
        "plain": (bench.flow("FailingGangFlow"), busy, step_process),
        "torchrun": (bench.flow("ChaosFlow"), ["--kind", "torchrun"], lambda node: worker("torchrun", "waiting", node)),
        "mpi": (bench.flow("ChaosFlow"), ["--kind", "mpi"], lambda node: worker("mpi", "rank", node)),
    }
    columns = {}
    for name, (flow, arguments, victim) in gangs.items():
        gone, reported = columns[f"{name} gone"], columns[f"{name} told"] = [], []
        for round in range(ROUNDS):
            node = round % NODES
            times = one(bench, [flow, "run", "--nodes", str(NODES), *arguments], lambda: victim(node), node)
            say(f"{name} {round + 1}: node {node} killed; gone after {times[0]:.3f}, reported after {times[1]:.3f}")
            gone.append(times[0])
            reported.append(times[1])
    value = max(max(figures) for figures in columns.values())
    return Result(columns, value, LIMIT, "seconds", "from the kill; value is the worst of all")


def one(bench, command, find, node):
    environment = bench.muster_environment()
    # Two slots a node on every machine.
    environment["MUSTER_CPUS"] = "64"
    process = subprocess.Popen(
        command, cwd=bench.folder("muster"), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        victim = wait_for(find, 60, process)
        time.sleep(0.5)  # a pause, so that the kill alone is measured
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
        if process.returncode == 0 or "SIGKILL" not in output or f"on node {node}" not in output:
            raise Unmeasured(f"the run did not report the kill (exit code {process.returncode}):\n{output[-2000:]}")
        return gone, reported
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def step_process(node):
    """Returns the step process of that node when every node is busy, with a daemon and a child that are both a `sleep`."""
    processes = scoped()
    sleeping = [variables.get("MUSTER_NODE_INDEX") for _, name, variables in processes if name == "sleep"]
    # The node that is to fail sleeps itself and has only the daemon.
    if len(sleeping) < 2 * NODES - 1 or len(set(sleeping)) < NODES:
        return None
    for pid, name, variables in processes:
        # Excludes flow programs that serve the steps of single nodes beside the gang.
        is_step = name in ("FailingGangFlow", "FlowFixtures") and variables.get("MUSTER_STEP") == "work"
        if is_step and variables.get("MUSTER_NODE_INDEX") == str(node):
            return pid
    return None


def worker(kind, role, node):
    """Returns a worker of that node when all workers of the gang have started."""
    found = [(process, chaos.role(process, None)) for process in marked("ChaosFlow/") if f"/{kind}/" in process.variables["MUSTER_SCOPE"]]
    roles = [name for _, name in found]
    if any(roles.count(name) < count for name, count in chaos.WHOLE[kind](NODES).items()):
        return None
    on_node = [process.pid for process, name in found if name == role and process.variables["MUSTER_NODE_INDEX"] == str(node)]
    return min(on_node, default=None)


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
