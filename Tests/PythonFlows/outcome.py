"""Prints the newest run of a flow as JSON, read with Metaflow's client or Muster's."""

import json
import sys

from metaflow import Flow, namespace

# Metaflow stores the flow's name with every task; Muster's tasks have it in their pathspecs.
EXTRA = ("name",)
# Not compared: the versions of the programs, and values that differ between runs.
UNLIKE = ("code-package", "ds-root", "foreach-stack", "git-info", "metaflow_version", "python_version", "user")
namespace(None)
run = Flow(sys.argv[1]).latest_run
# In a step that runs repeatedly, Metaflow takes all tasks for siblings.
LOOPS = any(step.id in [each.id for each in step.child_steps] for step in run)


def shown(value):
    """Returns a failure's class alone: stack traces have lines of the one or the other program."""
    return value.type if hasattr(value, "stacktrace") else repr(value)


def told(task):
    # Metaflow's names of cards have letters and digits. Muster's metadata names the workers of a gang.
    known = {name: value for name, value in task.metadata_dict.items()
             if name not in UNLIKE and (name == "attempt" or not name.isalnum()) and value != "worker_task"}
    return {
        "metadata": known, "runtime": task.runtime_name,
        "parents": None if LOOPS else len(list(task.parent_task_pathspecs)),
        "children": None if LOOPS else len(list(task.child_task_pathspecs)),
        "origin": task.origin_pathspec, "tags": sorted(task.user_tags),
        "order": task.parent.parent.created_at <= task.created_at <= task.finished_at,
        "index": task.index, "successful": task.successful, "finished": task.finished, "attempt": task.current_attempt,
        "exception": str(task.exception), "artifacts": {each.id: shown(each.data) for each in task if each.id not in EXTRA},
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
    "system": sorted({tag.split(":")[0] for tag in run.system_tags} - {"date", "language"}),
    "missing": [name in run for name in ("end", "nosuch")], "seen": run.is_in_namespace(),
    "data": {each.id: repr(getattr(run.data, each.id)) for each in run["end"].task if each.id not in EXTRA},
}, indent=1, sort_keys=True))
