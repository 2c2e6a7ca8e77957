"""The largest resident memory of a task of the flow with an array of 1 GiB, over the array's size."""

import subprocess
import time

import processes
from harness import Result, Unmeasured

LIMIT = 1.3
ARRAY = 1024


def measure(bench):
    bench.build_commands()
    folder = bench.folder("muster")
    flow = bench.root / "Benchmarks" / "metaflow" / "gibibyte.py"
    peaks = {}
    running = subprocess.Popen(
        [bench.release / "muster", "run", flow, "--no-serve"], cwd=folder, env=bench.python_environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None:
        for pid, name, variables in processes.scoped():
            if name.startswith("python") and str(folder) in variables.get("MUSTER_TASK_FOLDER", ""):
                peaks[pid] = max(peaks.get(pid, 0), processes.peak_memory(pid) or 0)
        time.sleep(0.02)
    if running.returncode != 0 or len(peaks) < 2 or max(peaks.values()) < ARRAY / 2:
        raise Unmeasured(f"the run ended with {running.returncode}, and {len(peaks)} tasks were seen")
    tasks = [peak / ARRAY for peak in peaks.values()]
    return Result({"task": tasks}, max(tasks), LIMIT, "arrays", "value is the largest peak of a task")
