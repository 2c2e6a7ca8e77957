"""Finds runs and tasks by RUN/STEP or RUN/STEP/TASK, with `latest` for the newest run."""

from ..client import Flow, Run
from ..command_line.grammar import Refused
from ..errors import MetaflowNotFound
from ..names import hint


def newest(flow):
    """Returns the newest run of a flow."""
    run = Flow(flow, _namespace_check=False).latest_run
    if run is None:
        raise MetaflowNotFound(f"the flow {flow} has no run")
    return run


def run(flow, name):
    return newest(flow) if name == "latest" else Run(f"{flow}/{name}", _namespace_check=False)


def parts(text, flow):
    """Returns the parts of a pathspec without the flow's name, if it begins with it."""
    found = text.split("/")
    return found[1:] if found[0] == flow and len(found) > 1 else found


def tasks(text, flow):
    """Returns the run, and the tasks that RUN/STEP or RUN/STEP/TASK names. A step that has not run has none."""
    found = parts(text, flow)
    if len(found) not in (2, 3) or not all(found):
        raise Refused(f"'{text}' names no step; write RUN/STEP or RUN/STEP/TASK")
    of = run(flow, found[0])
    known = steps(of)
    if found[1] not in known:
        raise MetaflowNotFound(f"the flow {flow} has no step '{found[1]}'{hint(found[1], known)}")
    if len(found) == 3:
        return of, [of[found[1]][found[2]]]
    return of, list(of[found[1]]) if found[1] in of else []


def steps(run):
    """Returns the names of all steps of a run's flow."""
    return [step["name"] for step in run._record["manifest"]["steps"]]


def short(task):
    """Returns a task's pathspec without the flow."""
    return task.pathspec.split("/", 1)[1]


def headline(what, task):
    _, run, step, name = task.pathspec.split("/")
    return f"Dumping {what} of run_id={run} step={step} task_id={name}"
