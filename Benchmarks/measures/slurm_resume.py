"""`muster resume` after `kill -9` of the engine: until the gang that runs on Slurm is shown again."""

import subprocess
import time

from cluster import NODES, Cluster
from harness import Result, Unmeasured, say
from measures.slurm_node_loss import bodies, wait

LIMIT = 2.0
ROUNDS = 5


def measure(bench):
    flow = bench.flow("FailingGangFlow")
    taken = []
    with Cluster(bench) as cluster:
        for round in range(ROUNDS):
            taken.append(one(bench, cluster, flow))
            say(f"round {round + 1}: shown again after {taken[-1]:.3f}")
    return Result({"muster": taken}, max(taken), LIMIT, "seconds", "from the command; value is the worst")


def one(bench, cluster, flow):
    folder = bench.folder("muster")
    options = dict(cwd=folder, env=cluster.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    command = [flow, "run", "--nodes", str(NODES), "--with", "slurm", "--way", "none", "--delay", "600", "--busy", "600"]
    engine = subprocess.Popen(command, **options)
    wait(lambda: len(bodies()) == NODES, 60, "the gang to begin")
    engine.kill()
    engine.communicate()
    start = time.monotonic()
    resumed = subprocess.Popen([flow, "resume", "--with", "slurm"], **options)
    try:
        for line in resumed.stdout:
            if "running" in line or "runs on" in line:
                taken = time.monotonic() - start
                break
        else:
            raise Unmeasured(f"the gang was not shown again (exit code {resumed.wait()})")
        if len(bodies()) != NODES:
            raise Unmeasured("the gang has not lived on")
        return taken
    finally:
        bench.check(["muster", "cancel", "FailingGangFlow"], cwd=folder, env=cluster.environment)
        resumed.communicate(timeout=120)
        cluster.wait_empty()
