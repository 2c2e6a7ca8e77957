"""Resumes a run of 10,000 finished tasks from its last step but one: from the command to its first new task."""

import time

import store
from harness import Result, Unmeasured, say

LIMIT = 2.0
TASKS = 10_000
ROUNDS = 3


def measure(bench):
    flow = bench.flow("ForeachFlow")
    folder = bench.folder("muster")
    environment = bench.muster_environment()
    # start, join and end are tasks as well.
    say(f"running a flow of {TASKS} tasks")
    bench.check([flow, "run", "--count", str(TASKS - 1)], cwd=folder, env=environment)
    origin = store.runs(folder)[-1]
    taken = []
    for _ in range(ROUNDS):
        start = time.time()
        bench.check([flow, "resume", "join", "--origin-run-id", origin], cwd=folder, env=environment)
        run = store.runs(folder)[-1]
        cloned = store.count(folder, run, "cloned")
        if run == origin or cloned != TASKS:
            raise Unmeasured(f"the resumed run took over {cloned} tasks, not {TASKS}")
        taken.append(store.first_start(folder, run) - start)
        say(f"first new task after {taken[-1]:.3f}")
    return Result({"muster": taken}, max(taken), LIMIT, "seconds", "from the command; value is the worst")
