"""Four nodes on Slurm to their first all-reduce: a flow's step, and `srun torchrun` as PyTorch's documentation has it.

Both sides run the same script with the same Python; the clock runs from the submission until the last rank has printed
the sum.
"""

import re
import subprocess
import time

from cluster import NODES, Cluster, submitted
from harness import Unmeasured, alternate, ratio
from measures.torchrun import SUM, torch_python

LIMIT = 0.7
ROUNDS = 5

# https://docs.pytorch.org/tutorials/intermediate/ddp_series_multinode.html, slurm/sbatch_run.sh
SCRIPT = """#!/bin/bash
#SBATCH --nodes=4 --ntasks=4 --ntasks-per-node=1 --cpus-per-task=1 --mem=1500M --output={folder}/output
nodes=( $( scontrol show hostnames $SLURM_JOB_NODELIST ) )
head_node=${{nodes[0]}}
head_node_ip=$(srun --mpi=none --nodes=1 --ntasks=1 -w "$head_node" hostname --ip-address)
srun --mpi=none {python} -m torch.distributed.run --nnodes 4 --nproc_per_node 1 --rdzv_id $RANDOM \
    --rdzv_backend c10d --rdzv_endpoint $head_node_ip:29500 {script} --output {folder}
"""


def measure(bench):
    flow = bench.flow("SlurmGangFlow")
    script = bench.root / "Tests" / "FlowFixtures" / "Scripts" / "allreduce.py"
    with Cluster(bench) as cluster:
        muster_side(bench, cluster, flow)  # makes the Python environment of both sides
        python = torch_python(bench)
        muster, bare = alternate(
            ROUNDS, ("muster", lambda: muster_side(bench, cluster, flow)),
            ("srun torchrun", lambda: bare_side(bench, cluster, python, script)))
    return ratio(muster, bare, LIMIT)


def last_sum(files, process, seconds):
    """Returns the Unix time at which the last of four ranks had printed its sum."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        ranks = {rank for file in files() for rank in SUM.findall(file.read_bytes())}
        if len(ranks) == NODES:
            return time.time()
        if process is not None and process.poll() not in (None, 0):
            break
        time.sleep(0.01)
    tail = "\n".join(file.read_text(errors="replace")[-1500:] for file in files())
    raise Unmeasured("not every rank printed its sum:\n" + tail)


def muster_side(bench, cluster, flow):
    folder = bench.folder("muster")
    process = subprocess.Popen(
        [flow, "run", "--nodes", str(NODES), "--step", "train"], cwd=folder, env=cluster.environment,
        stdout=subprocess.DEVNULL)
    try:
        logs = lambda: [file for file in folder.glob(".muster/runs/*/*/*/*.node-?.log")]  # noqa: E731
        end = last_sum(logs, process, 600)
        if process.wait(120) != 0:
            raise Unmeasured(f"the run ended with {process.returncode}")
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    cluster.wait_empty()
    return end - submitted(folder, 1)


def bare_side(bench, cluster, python, script):
    folder = bench.folder("bare")
    start = time.time()
    cluster.submit(SCRIPT.format(folder=folder, python=python, script=script), folder)
    end = last_sum(lambda: list(folder.glob("output")), None, 300)
    cluster.wait_empty()
    return end - start
