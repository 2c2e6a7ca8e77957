"""Reads a run's own records, which Documentation/Events.md describes, for the measures."""

import sqlite3

from harness import Unmeasured


def database(folder):
    found = sorted(folder.rglob("muster.db"))
    if not found:
        raise Unmeasured(f"the run left no muster.db below {folder}")
    return sqlite3.connect(f"file:{found[0]}?mode=ro", uri=True)


def runs(folder):
    """Returns the runs, oldest first."""
    with database(folder) as connection:
        return [row[0] for row in connection.execute("SELECT run FROM runs ORDER BY id")]


def first_start(folder, run):
    """Returns the Unix time at which the run's first attempt of a task was started; clones are no attempts."""
    query = """SELECT MIN(events.time) FROM events JOIN runs ON runs.id = events.run
               WHERE runs.run = ? AND events.kind = 'attemptStarted'"""
    with database(folder) as connection:
        row = connection.execute(query, [run]).fetchone()
    if row is None or row[0] is None:
        raise Unmeasured(f"run {run} started no task")
    return row[0]


def count(folder, run, kind):
    query = "SELECT COUNT(*) FROM events JOIN runs ON runs.id = events.run WHERE runs.run = ? AND events.kind = ?"
    with database(folder) as connection:
        return connection.execute(query, [run, kind]).fetchone()[0]
