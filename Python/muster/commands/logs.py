"""`logs show`: the output of tasks."""

import sys

from ..client import Task
from ..errors import MetaflowNotFound
from . import pathspecs


def streams(given):
    """Returns the chosen streams, standard output first."""
    named = [name for name in ("stdout", "stderr") if getattr(given, name)]
    return named or (["stdout", "stderr"] if given.both else [])


def show(given, screen):
    run, tasks = pathspecs.tasks(given.arguments[0], screen.flow)
    if not tasks:
        raise MetaflowNotFound(f"no task of {given.arguments[0]} has begun")
    tasks = having(tasks, given.attempt, given.arguments[0])
    for task in tasks:
        screen.say(pathspecs.headline("logs", task))
        for stream in streams(given):
            screen.say(stream)
            sys.stderr.flush()
            for time, line in task.loglines(stream, as_unicode=False):
                if given.timestamps:
                    sys.stdout.write(f"{time.strftime('%Y-%m-%d %H:%M:%S.%f')[:-3]} ")
                # Bytes that are no text are replaced; the rest is shown as it was written.
                sys.stdout.write(line.decode(errors="replace") + "\n")
            sys.stdout.flush()
    return 0


def having(tasks, attempt, text):
    """Returns the tasks that have this attempt, in its state; all of them for None."""
    if attempt is None:
        return tasks
    having = [Task(task.pathspec, attempt=attempt, _namespace_check=False) for task in tasks if 0 <= attempt <= task.current_attempt]
    if not having:
        last = max(task.current_attempt for task in tasks)
        raise MetaflowNotFound(f"{text} has no attempt {attempt}; the last one is {last}, counted from 0")
    return having
