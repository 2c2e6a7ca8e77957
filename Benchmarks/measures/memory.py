"""The engine's peak resident memory over a run of 10,000 tasks."""

import subprocess
import time

import store
from harness import Result, Unmeasured, say
from processes import peak_memory

LIMIT = 200.0
TASKS = 10_000


def measure(bench):
    flow = bench.flow("ForeachFlow")
    folder = bench.folder("muster")
    start = time.monotonic()
    # `muster` itself is the engine: the program's own `run` would replace itself by it.
    process = subprocess.Popen(
        [bench.release / "muster", "run", flow, "--count", str(TASKS - 3)], cwd=folder, env=bench.muster_environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    peak = 0
    # VmHWM never decreases, so the last value before the end counts.
    while process.poll() is None:
        peak = max(peak, peak_memory(process.pid) or 0)
        time.sleep(0.05)
    if process.returncode != 0:
        raise Unmeasured(f"the run ended with {process.returncode}: {process.stderr.read()[-2000:]}")
    finished = store.count(folder, store.runs(folder)[-1], "attemptSucceeded")
    if finished != TASKS:
        raise Unmeasured(f"the run finished {finished} tasks, not {TASKS}")
    say(f"{TASKS} tasks in {time.monotonic() - start:.1f} s")
    return Result({"muster": [peak]}, peak, LIMIT, "MiB", "peak resident size of the engine")
