"""The metadata of tasks with Metaflow's names, from the run's record and events."""

import json
import os
from collections import namedtuple

Metadata = namedtuple("Metadata", ["name", "value", "created_at", "type", "task"])


def entries(task):
    """The entries of all attempts, or of the task object's own attempt; the oldest first."""
    run, record = task._run, task._record
    found = []

    def add(moment, fields):
        found.extend(Metadata(name, value, int(moment * 1000), _TYPES.get(name, name), task)
                     for name, value in fields.items() if value is not None)

    for attempt in task._attempts():
        if task._attempt not in (None, attempt.number):
            continue
        add(attempt.started, {
            **_of_system(run), "origin-run-id": str(run.origin_run_id), "origin-task-id": _origin(task),
            "attempt": str(attempt.number), "ds-type": "local", "ds-root": run._store.root,
            "code-package": code_package(run), "foreach-execution-path": _path(task)})
        if record.nodes is not None:
            add(attempt.started, {
                "parallel-world-size": record.nodes,
                "internal_task_type": "control_task" if task._node == 0 else "worker_task"})
        if attempt.finished is not None and attempt.status != "interrupted":
            is_well = attempt.status in ("succeeded", "caught")
            add(attempt.finished, {"attempt_ok": str(is_well), "attempt-done": str(attempt.number)})
    return found


# The types of entries whose type is not their name.
_TYPES = {"attempt_ok": "internal_attempt_status"}


def _of_system(run):
    """The run's system tags as entries, without those that Metaflow does not have."""
    tags = dict(tag.split(":", 1) for tag in run.system_tags)
    known = {name: tags.get(name) for name in ("runtime", "python_version", "metaflow_version", "user")}
    return {**known, "script-name": script(run)}


def script(run):
    """The name of the flow's file."""
    return os.path.basename(next((each for each in run._record["program"] if each.endswith(".py")),
                                 run._record["program"][0]))


def code_package(run):
    """The JSON text that ``MetaflowCode`` takes."""
    tags = dict(tag.split(":", 1) for tag in run.system_tags)
    info = {"script": script(run), "environment_type": "local", "username": run._record["user"],
            "runtime": tags.get("runtime"), "python_version_code": tags.get("python_version"),
            "metaflow_version": tags.get("metaflow_version")}
    digest = run._record["package"]
    return json.dumps({
        "ds_type": "local", "sha": digest, "location": run._store.files.package(digest),
        "metadata": {name: value for name, value in info.items() if value is not None}})


def _origin(task):
    """The id of the task whose results this one has reused."""
    if not task._record.cloned_from:
        return None
    return str(task._record.cloned_from[1]) + (f"-node-{task._node}" if task._node else "")


def _path(task):
    """The foreach elements that the task is inside of: `step:index` for each, with the first step of its foreach."""
    tasks = task._run._now().tasks
    parts = []
    for scope in task._record.scopes:
        if scope.is_foreach:
            parts.append(f"{tasks[scope.origin - 1].foreach_to}:{scope.index}")
    if task._record.nodes is not None:
        parts.append(f"{task._record.step}:{task._node}")
    return ",".join(parts) or None
