"""The store's database (Documentation/Events.md): its SQL and its connections. Nothing else in the client has SQL."""

import json
import os
import sqlite3
from _thread import get_ident

from ..errors import MusterException
from .layout import DATABASE

# Seconds that a query waits for a lock of another process.
TIMEOUT = 30

_IS_NO_START = " AND kind != 'attemptStarted'"

# Connections of the parent process, seen after a fork. SQLite forbids this process to use or close them, so they are kept
# from the garbage collector.
_inherited = []


class Database:
    """The database of one store. It may be used from several threads and after a fork: each has its own connection."""

    def __init__(self, root):
        self.root = root
        self.path = os.path.join(root, DATABASE)
        self._process = os.getpid()
        # By thread: the connection, and the device and inode of the file that it was opened on.
        self._connections = {}

    # Runs

    def flows(self):
        return [row[0] for row in self._query("SELECT flow FROM runs GROUP BY flow ORDER BY max(created) DESC")]

    def has_runs(self, flow):
        return bool(self._query("SELECT 1 FROM runs WHERE flow = ? LIMIT 1", flow))

    def runs(self, flow):
        """The records of a flow's runs, newest first. Each is parsed when the iteration comes to it."""
        rows = self._query(
            "SELECT run, record, finished, verdict FROM runs WHERE flow = ? ORDER BY created DESC, id DESC", flow)
        return (_record(*row) for row in rows)

    def run(self, flow, run):
        """The record of a run; None where there is no such run."""
        rows = self._query("SELECT run, record, finished, verdict FROM runs WHERE flow = ? AND run = ?", flow, run)
        return _record(*rows[0]) if rows else None

    def first_run(self, flow):
        """When a flow's first run was created, in Unix seconds."""
        return self._query("SELECT min(created) FROM runs WHERE flow = ?", flow)[0][0]

    # Events

    def events(self, flow, run, has_ended=False):
        """(time, kind, task, attempt, payload) of a run in order; for a run that has ended without the starts of attempts."""
        # A run ends when none of its attempts runs any more: each has a later event, with the same number. To leave these
        # rows out saves 2 ms of 50, Benchmarks: python-client.
        return self._query(
            "SELECT events.time, kind, task, attempt, payload FROM events JOIN runs ON runs.id = events.run "
            f"WHERE flow = ? AND runs.run = ?{_IS_NO_START if has_ended else ''} ORDER BY sequence", flow, run)

    def events_of(self, flow, run, task):
        """The same of one task."""
        return self._query(
            "SELECT events.time, kind, task, attempt, payload FROM events JOIN runs ON runs.id = events.run "
            "WHERE flow = ? AND runs.run = ? AND task = ? ORDER BY sequence", flow, run, task)

    # Tags

    def tags(self, flow, run):
        return [row[0] for row in self._query(
            "SELECT tag FROM tags JOIN runs ON runs.id = tags.run WHERE flow = ? AND runs.run = ? ORDER BY tag", flow, run)]

    def change_tags(self, flow, run, adding=(), removing=()):
        """Adds and removes tags in one transaction."""
        connection = connect(self.path, "mode=rw")
        try:
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                (number,), = connection.execute("SELECT id FROM runs WHERE flow = ? AND run = ?", (flow, run)).fetchall()
                for tag in removing:
                    connection.execute("DELETE FROM tags WHERE run = ? AND tag = ?", (number, tag))
                for tag in adding:
                    connection.execute("INSERT OR IGNORE INTO tags (run, tag) VALUES (?, ?)", (number, tag))
        finally:
            connection.close()

    # Connections

    def _query(self, text, *values):
        """The rows of a query; none where there is no database."""
        try:
            file = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise MusterException(f"the store {self.root} cannot be read: {error.strerror}") from None
        if not os.access(self.root, os.W_OK) and not os.path.exists(self.path + "-shm"):
            from .unshared import query
            return query(self.path, text, values)
        return self._connection((file.st_dev, file.st_ino)).execute(text, values).fetchall()

    def _connection(self, file):
        """This thread's connection to the file; a new one where the file has been replaced since the last query."""
        if self._process != os.getpid():
            _inherited.append(self._connections)
            self._process, self._connections = os.getpid(), {}
        connection, opened = self._connections.get(get_ident(), (None, None))
        if opened != file:
            connection = connect(self.path, "mode=ro")
            self._connections[get_ident()] = connection, file
        return connection


def connect(path, option):
    """A connection to the database at a path. option: a parameter of SQLite's file URI, such as `mode=ro`."""
    path = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    return sqlite3.connect(f"file:{path}?{option}", uri=True, timeout=TIMEOUT)


def _record(run, record, finished, verdict):
    try:
        record = json.loads(record)
        record["manifest"]
        record.update(run=run, finished=finished, verdict=verdict)
    except Exception:
        raise MusterException(
            f"the record of the run {run} cannot be read; the store was damaged or written by another version") from None
    return record
