"""`logs scrub`: takes the output of tasks out of the store.

What else repeats a line of it stays: the message of a failure, a card, an artifact.
"""

import os

from ..errors import MetaflowNotFound
from . import places
from .grammar import Refused
from .logs import having, streams


def scrub(given, screen):
    _, tasks = places.tasks(given.arguments[0], screen.flow)
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
                screen.say(f"Logs have been scrubbed for {places.short(task)} - attempt {attempt}")
    return 0


def _path(task, attempt):
    # A task that was taken over has the log of the run that it comes from.
    folder, number = task._place(True)
    return os.path.join(folder, f"{number}.{attempt}.node-{task._node}.log")


def _scrub(path, kinds):
    """Puts a remark in the place of everything that was written to the streams `kinds`, `o` and `e`."""
    if not os.path.exists(path):
        return False
    remarks = {"o": b"[REDACTED runtime stdout]\n", "e": b"[REDACTED runtime stderr]\n"}
    new = f"{path}.scrubbed"
    with open(path, "rb") as file, open(new, "wb") as target:
        for time, process, kind, data in _records(file):
            if kind in kinds:
                data = remarks.pop(kind, None)
            if data is not None:
                target.write(b"%d %d %s %d\n%s\n" % (time, process, kind.encode(), len(data), data))
    os.chmod(new, os.stat(path).st_mode & 0o7777)
    os.replace(new, path)
    return True


def _records(file):
    """(microseconds, process, `o` or `e`, bytes) of each record, as Documentation/Store.md describes them."""
    while head := file.readline():
        fields = head.split()
        if len(fields) == 4 and fields[2] in (b"o", b"e") and all(fields[each].isdigit() for each in (0, 1, 3)):
            data = file.read(int(fields[3]))
            file.read(1)
            yield int(fields[0]), int(fields[1]), fields[2].decode(), data
