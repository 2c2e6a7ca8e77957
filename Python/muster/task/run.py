"""Runs one step body: reads `task.json` of a task folder, writes `result.json` into it."""

import json
import os

from ..errors import ProtocolError
from . import failures
from .result import leave_result
from .task import Task, end_if_forked


def run(flow_class, step, folder, made=None):
    """Runs a step body. Returns the exit code; a failure is printed and written into the result.

    made: the flow object that the flow's module has made, if it has.
    """
    process, task = os.getpid(), None
    try:
        task = Task(flow_class, step, folder, _read(folder), made)
        os.makedirs(os.path.join(folder, "artifacts"), exist_ok=True)
        task.perform()
        leave_result(folder, task.result())
        return 0
    except SystemExit as leaving:
        _end_body(task)
        end_if_forked(process, step, leaving)
        code, text = failures.report_exit(leaving, step, folder, task and task.outcome.of_failure)
    except BaseException as error:
        _end_body(task)
        end_if_forked(process, step, error)
        code, text = failures.report(
            error, folder, task and task.outcome.of_failure, task is not None and task.hides_failure)
    if task is not None:
        task.failed(text)
    return code


def _end_body(task):
    if task is not None:
        task.is_over = True


def _read(folder):
    path = os.path.join(folder, "task.json")
    try:
        with open(path, encoding="utf-8") as file:
            task = json.load(file)
    except (OSError, ValueError) as error:
        raise ProtocolError(f"{path} is no task: {error}") from None
    if task.get("version") != 1:
        raise ProtocolError(
            f"{path} is of version {task.get('version')} of the step protocol, and this front end speaks 1; take both "
            "from one release of Muster")
    return task
