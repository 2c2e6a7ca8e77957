"""A Slurm cluster of a measure's own (`Scripts/slurm-cluster`), and what the measures on it share."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time
from datetime import datetime

import store
from harness import Unmeasured

NODES = 4
# Megabytes of a node.
MEMORY = 2000


class Cluster:
    """Four nodes; gone at the end of the `with`."""

    def __init__(self, bench, cpus=2):
        self.bench, self.cpus = bench, cpus
        # Sockets lie in it: its path has to be short.
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-slurm-", dir="/tmp"))
        self.script = bench.root / "Scripts" / "slurm-cluster"

    def __enter__(self):
        try:
            self.up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run([self.script, "down", self.folder], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def up(self):
        """Starts the cluster, or those of its nodes that are missing."""
        shares = [word for folder in (self.bench.scratch, self.bench.root) if str(folder).startswith("/tmp/") for word in ("--share", folder)]
        # A job that asks for no memory would have all of its node's, and a node one slot.
        slots = ["--cpus", str(self.cpus), "--memory", str(MEMORY), "--set", f"DefMemPerCPU={MEMORY // self.cpus}"]
        self.bench.check([self.script, "up", self.folder, "--nodes", str(NODES), *slots, *shares])

    def kill(self, node):
        """A node loses its power."""
        self.bench.check([self.script, "kill", self.folder, f"node{node + 1}"])

    @property
    def environment(self):
        variables = {name: value for name, value in self.bench.muster_environment().items() if not re.match("S(LURM|BATCH|RUN)_", name)}
        return {**variables, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def ask(self, *command):
        return self.bench.check([*command], env=self.environment)

    def submit(self, script, folder):
        """Gives a batch script to sbatch and returns when that has its number."""
        self.bench.check(["sbatch", "--parsable"], input=script, cwd=folder, env=self.environment)

    def last_wait(self):
        """Returns the seconds for which the newest job waited for the scheduler, which starts jobs about once a second."""
        text = (self.folder / "log" / "slurmctld.log").read_text()
        begun = re.findall(r"^\[(\S+)\] .*(?:Allocate|Started) JobId=(\d+) ", text, re.M)
        submitted = {job: time for time, job in re.findall(r"^\[(\S+)\] _slurm_rpc_submit_batch_job: JobId=(\d+) ", text, re.M)}
        if not begun or begun[-1][1] not in submitted:
            raise Unmeasured("Slurm's log does not tell when the job was submitted and started:\n" + text[-1000:])
        moment, job = begun[-1]
        return (datetime.fromisoformat(moment) - datetime.fromisoformat(submitted[job])).total_seconds()

    def wait_empty(self, seconds=60):
        """Waits until no job is left, so that rounds do not meet."""
        end = time.monotonic() + seconds
        while self.ask("squeue", "--noheader"):
            if time.monotonic() > end:
                raise Unmeasured("a job of the round before does not end:\n" + self.ask("squeue"))
            time.sleep(0.05)


def gang_log_times(folder, step, text):
    """Returns the Unix time at which each node of the gang printed a line that holds `text`, by node."""
    times = {}
    for log in folder.rglob(f"runs/*/*/{step}/*.node-*.log"):
        if log.name.endswith(".agent.log"):
            continue
        for record in re.finditer(rb"^(\d{16}) \d+ o \d+\n([^\n]*)$", log.read_bytes(), re.M):
            if text in record[2]:
                times[log.name.split(".")[-2]] = int(record[1]) / 1e6
                break
    return times


def submitted(folder, index):
    """Returns the Unix time at which the engine began to submit the run's task of this place in the order of starts."""
    with store.database(folder) as connection:
        rows = connection.execute("SELECT time FROM events WHERE kind = 'attemptStarted' ORDER BY sequence").fetchall()
    if len(rows) <= index:
        raise Unmeasured(f"the run has started {len(rows)} tasks")
    return rows[index][0]
