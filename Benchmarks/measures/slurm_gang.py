"""A gang of four nodes on Slurm, from its submission until all bodies have begun; and a bare `srun` on four nodes.

Both are submitted to an idle cluster: nodes on which a job is still completing delay the next one. Slurm's scheduler starts
batch jobs once a second, so how long it lets a job wait is chance: each round counts with the mean wait of all rounds of
both sides in place of its own.
"""

import random
import statistics
import time

from cluster import NODES, Cluster, gang_log_times, submitted
from harness import Result, Unmeasured, alternate

# Times as long as the bare job, and seconds more.
FACTOR, MORE = 1.3, 1.0
ROUNDS = 7

SCRIPT = """#!/bin/bash
#SBATCH --nodes=4 --ntasks-per-node=1 --cpus-per-task=1 --mem=100M --output=/dev/null
srun --mpi=none sh -c 'date +%s.%N >begun-$SLURM_PROCID'
"""


def measure(bench):
    flow = bench.flow("SlurmGangFlow")
    waits = []
    with Cluster(bench) as cluster:
        muster, bare = alternate(
            ROUNDS, ("muster", lambda: muster_side(bench, cluster, flow, waits)),
            ("sbatch", lambda: bare_side(bench, cluster, waits)))
    wait = statistics.mean(waits)
    columns = {name: [taken + wait for taken in column] for name, column in (muster, bare)}
    ours, theirs = (statistics.median(column) for column in columns.values())
    value = max(ours / theirs / FACTOR, (ours - theirs) / MORE)
    return Result(
        columns, value, 1.0, "seconds",
        f"{wait:.3f} s of each are the scheduler's; {ours / theirs:.2f} times and {ours - theirs:+.3f} s; value is the worse "
        f"over its limit, {FACTOR} times and {MORE} s")


def muster_side(bench, cluster, flow, waits):
    folder = bench.folder("muster")
    time.sleep(random.random())
    bench.check([flow, "run", "--nodes", str(NODES)], cwd=folder, env=cluster.environment)
    cluster.wait_empty()
    begun = gang_log_times(folder, "work", b"of 4")
    if len(begun) != NODES:
        raise Unmeasured(f"{len(begun)} of {NODES} bodies have said that they began")
    waits.append(cluster.last_wait())
    return max(begun.values()) - submitted(folder, 1) - waits[-1]


def bare_side(bench, cluster, waits):
    folder = bench.folder("bare")
    time.sleep(random.random())
    start = time.time()
    cluster.submit(SCRIPT, folder)
    cluster.wait_empty()
    begun = [float(file.read_text()) for file in folder.glob("begun-*")]
    if len(begun) != NODES:
        raise Unmeasured(f"srun started {len(begun)} of {NODES} tasks")
    waits.append(cluster.last_wait())
    return max(begun) - start - waits[-1]
