"""A run of 10,000 finished tasks in a bucket that is resumed on a machine that has never seen it: from the command to the
first task that is started.
"""

import re
import subprocess
import time

from bucket import Bucket
from harness import Result, Unmeasured, say

LIMIT = 6.0
ROUNDS = 3
TASKS = 10_000


def measure(bench):
    flow = bench.flow("ForeachFlow")
    seconds = []
    with Bucket(bench) as bucket:
        say(f"running {TASKS} tasks")
        bench.check(
            [flow, "run", "--count", str(TASKS), "--quiet"], cwd=bench.folder("muster"),
            env=bucket.muster_environment("runs"))
        run = bench.check(
            [bench.release / "muster", "list", "--json", "--limit", "1"], env=bucket.muster_environment("runs"))
        run = re.search(r'"run" *: *"(\d+)"', run)[1]
        for round in range(ROUNDS):
            seconds.append(first_task(bench, bucket, flow, run))
            say(f"round {round + 1}: {seconds[-1]:.3f} s")
    return Result({"muster": seconds}, max(seconds), LIMIT, "seconds", "value is the worst")


def first_task(bench, bucket, flow, run):
    command = [flow, "resume", "join", "--origin-run-id", run]
    start = time.monotonic()
    process = subprocess.Popen(
        command, cwd=bench.folder("muster"), env=bucket.muster_environment("runs"), stdout=subprocess.PIPE, text=True)
    taken = None
    for line in process.stdout:
        if taken is None and re.search(r" join/\d+ started", line):
            taken = time.monotonic() - start
    if process.wait() != 0 or taken is None:
        raise Unmeasured("the run could not be resumed")
    return taken
