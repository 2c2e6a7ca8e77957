"""A node of a gang on Slurm loses its power: until the bodies on the other nodes are gone, and until the job has ended.

Every node in turn, node 0 and the host of the batch script among them. The cluster's SlurmdTimeout is 10 s; most sites have
300 s, after which Slurm alone would notice.
"""

import subprocess
import time

from cluster import NODES, Cluster
from harness import Result, Unmeasured, say
from processes import marked

# Seconds for the bodies, and for the job.
BODIES, JOB = 7.0, 15.0


def measure(bench):
    flow = bench.flow("FailingGangFlow")
    columns = {"bodies gone": [], "job ended": []}
    with Cluster(bench) as cluster:
        for node in range(NODES):
            bodies, job = one(bench, cluster, flow, node)
            say(f"node {node} killed: bodies gone after {bodies:.3f}, job ended after {job:.3f}")
            columns["bodies gone"].append(bodies)
            columns["job ended"].append(job)
    value = max(max(columns["bodies gone"]) / BODIES, max(columns["job ended"]) / JOB)
    return Result(columns, value, 1.0, "seconds", f"from the kill; value is the worst over its limit, {BODIES} s and {JOB} s")


def one(bench, cluster, flow, node):
    command = [flow, "run", "--nodes", str(NODES), "--with", "slurm", "--way", "none", "--delay", "600", "--busy", "600"]
    folder = bench.folder("muster")
    console = folder / "console"
    with open(console, "w") as file:
        process = subprocess.Popen(command, cwd=folder, env=cluster.environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        wait(lambda: len(bodies()) == NODES, 60, "the gang to begin")
        time.sleep(1.5)  # the engine has heard of the job's hosts
        start = time.monotonic()
        cluster.kill(node)
        gone = ended = None
        while gone is None or ended is None:
            now = time.monotonic() - start
            if now > 90:
                raise Unmeasured(f"after 90 s: bodies gone {gone}, job ended {ended}")
            gone = gone if gone is not None or bodies() else now
            ended = ended if ended is not None or cluster.ask("squeue", "--noheader", "--states=RUNNING") else now
            time.sleep(0.02)
        # The gang is tried again; the next round needs the cluster.
        wait(lambda: f"node{node + 1}" in console.read_text().split("was lost")[-1], 30, f"the run to name node{node + 1}")
        return gone, ended
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
        cluster.up()
        cluster.wait_empty(120)


def bodies():
    """Returns the indices of the nodes that have a process of the gang."""
    return {each.variables.get("MUSTER_NODE_INDEX") for each in marked("FailingGangFlow")}


def wait(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Unmeasured(f"waited for {what} for {seconds} s")
        time.sleep(0.02)
