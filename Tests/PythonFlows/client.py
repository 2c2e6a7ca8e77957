"""Prints the tasks of a run from the client in the form of `muster status --json`."""

import json
import sys

from muster import Run

run = Run(sys.argv[1])
tasks = [task for step in run for task in step]
print(json.dumps({
    "flow": run.parent.id,
    "run": run.id,
    "status": "succeeded" if run.successful else "failed",
    "tasks": sorted(
        [task.parent.id, task.id, "caught" if task._record.was_caught else task._record.status] for task in tasks),
    "output": run["end"].task.stdout,
    "tags": sorted(run.user_tags),
}))
