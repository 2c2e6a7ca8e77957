"""`logs scrub`: removes the output of tasks from the store.

Copies of a line elsewhere are left: in the message of a failure, a card or an artifact.
"""

import os

from ..client.layout import locate, log_records
from ..command_line.grammar import Refused
from ..errors import MetaflowNotFound
from . import pathspecs
from .logs import having, streams


def scrub(given, screen):
    if locate().startswith("s3://"):
        raise Refused("the store is a bucket, in which logs are not changed; remove the run's objects below runs/FLOW/RUN/files/")
    _, tasks = pathspecs.tasks(given.arguments[0], screen.flow)
    if given.attempt is not None and not given.latest:
        raise Refused("--attempt and --all exclude each other")
    tasks = having(tasks, given.attempt, given.arguments[0]) if tasks else []
    done = [task for task in tasks if task.finished or given.include_not_done]
    if not done:
        raise MetaflowNotFound(
            f"{given.arguments[0]} has no task that is over; --include-not-done scrubs those that are not as well")
    kinds = {stream[3] for stream in streams(given)}
    for task in done:
        attempts = range(task.current_attempt + 1) if not given.latest else [task.current_attempt]
        for attempt in attempts:
            if _scrub(_path(task, attempt), kinds):
                screen.say(f"Logs have been scrubbed for {pathspecs.short(task)} - attempt {attempt}")
    return 0


def _path(task, attempt):
    # A reused task has the log of the run that it comes from.
    step, number = task._place(True)
    return task._store.files.log_path(*step, number, attempt, task._node)


def _scrub(path, kinds):
    """Replaces all output of the streams `kinds`, `o` and `e`, by a remark."""
    if not os.path.exists(path):
        return False
    remarks = {"o": b"[REDACTED runtime stdout]\n", "e": b"[REDACTED runtime stderr]\n"}
    new = f"{path}.scrubbed"
    with open(path, "rb") as file, open(new, "wb") as target:
        for time, process, kind, data in log_records(file):
            if kind in kinds:
                data = remarks.pop(kind, None)
            if data is not None:
                target.write(b"%d %d %s %d\n%s\n" % (time, process, kind.encode(), len(data), data))
    os.chmod(new, os.stat(path).st_mode & 0o7777)
    os.replace(new, path)
    return True
