"""Writes `result.json` into a task folder."""

import json
import os
import sys


def leave_result(folder, result):
    """Writes the result over an earlier one. The agent reads the file after this process has ended."""
    with open(os.path.join(folder, "result.json"), "w", encoding="utf-8") as file:
        json.dump(result, file)


def leave_error(folder, code, message, left=None, raised=None, cause=None):
    """Writes the failure of a body, and then again with the artifacts that it had set.

    left: returns the entries `artifacts` and `unchanged`; None if there is no task. raised: the exception's `type`,
    `text` and `trace`, if there is one. cause: the id of the agent's failure that the exception is, if it is one.
    """
    error = {"code": code, "message": message, **({"exception": raised} if raised else {}),
             **({"cause": cause} if cause else {})}
    result = {"version": 1, "artifacts": {}, "unchanged": {}, "error": error}
    # Before the artifacts: writing them may fail or be interrupted.
    leave_result(folder, result)
    if left is None:
        return
    try:
        result.update(left())
        leave_result(folder, result)
    except Exception as error:
        sys.stderr.write(f"what the step had set is not kept: {type(error).__name__}: {error}\n")
