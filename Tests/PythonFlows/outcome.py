"""Prints as JSON what the newest run of a flow has left, as Metaflow's client tells it: Metaflow's own, or Muster's."""

import json
import sys

from metaflow import Flow, namespace

# Metaflow keeps the flow's name with every task; Muster's tasks have it in their pathspecs.
EXTRA = ("name",)
namespace(None)
run = Flow(sys.argv[1]).latest_run


def told(task):
    return {
        "index": task.index, "successful": task.successful, "finished": task.finished, "attempt": task.current_attempt,
        "exception": str(task.exception), "artifacts": {each.id: repr(each.data) for each in task if each.id not in EXTRA},
    }


def order(task):
    return sorted(task["artifacts"].items()), task["index"]


print(json.dumps({
    "successful": run.successful, "finished": run.finished, "tags": sorted(run.user_tags),
    "steps": {step.id: sorted((told(task) for task in step), key=order) for step in run},
    "parents": {step.id: sorted(each.id for each in step.parent_steps) for step in run},
    "children": {step.id: sorted(each.id for each in step.child_steps) for step in run},
    "gangs": sorted(step.id for step in run if list(step.control_tasks())),
    "output": run["end"].task.stdout, "lines": [line for _, line in run["end"].task.loglines("stdout")],
    "data": {each.id: repr(getattr(run.data, each.id)) for each in run["end"].task if each.id not in EXTRA},
}, indent=1, sort_keys=True))
