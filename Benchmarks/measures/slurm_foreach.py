"""200 tasks that do nothing, on four nodes with eight slots: a whole flow, and a job array of submitit's.

Muster submits at most one job a second after a burst of 20, and has its jobs take several tasks; submitit sends one array.
Both ask for one processor a task, with what memory the cluster gives for it.
"""

import shutil
import sys

from cluster import Cluster
from harness import alternate, ratio

LIMIT = 0.5
ROUNDS = 3
TASKS = 200
SLOTS = 8
SUBMITIT = "submitit==1.5.4"

PEER = f"""
import submitit, sys
executor = submitit.SlurmExecutor(folder="log")
executor.update_parameters(time=5, cpus_per_task=1, array_parallelism={SLOTS})
jobs = executor.map_array(abs, range({TASKS}))
assert [job.result() for job in jobs] == list(range({TASKS}))
"""


def measure(bench):
    flow = bench.flow("ForeachFlow")
    python = submitit_python(bench)
    with Cluster(bench) as cluster:
        muster, peer = alternate(
            ROUNDS, ("muster", lambda: muster_side(bench, cluster, flow)),
            ("submitit", lambda: peer_side(bench, cluster, python)))
    return ratio(muster, peer, LIMIT)


def muster_side(bench, cluster, flow):
    command = [flow, "run", "--count", str(TASKS), "--with", "slurm"]
    taken = bench.seconds(command, cwd=bench.folder("muster"), env=cluster.environment)
    cluster.wait_empty()
    return taken


def peer_side(bench, cluster, python):
    taken = bench.seconds([python, "-W", "ignore", "-c", PEER], cwd=bench.folder("submitit"), env=cluster.environment)
    cluster.wait_empty()
    return taken


def submitit_python(bench):
    """Returns a Python with submitit, which is installed once."""
    folder = bench.cache / SUBMITIT.replace("==", "-")
    marker = folder / "complete"
    if not marker.exists():
        shutil.rmtree(folder, ignore_errors=True)
        bench.check([sys.executable, "-m", "venv", folder])
        bench.check([folder / "bin" / "pip", "install", "--quiet", SUBMITIT])
        marker.touch()
    return folder / "bin" / "python"
