"""A database in a folder that this user cannot write to, and that nobody else has open.

SQLite reads a database in write-ahead mode with two files beside it, which cannot be made here. Without a log the database
file has everything and is opened as immutable; with a log, which a program that died has left, a copy of both is read.
"""

import os

from .quick import connect
from .store import uri

# Writers that come and go at the very moment of a read: more often than this in a row nobody's do.
ATTEMPTS = 10


def query(database, text, values):
    for _ in range(ATTEMPTS - 1):
        before = _traces(database)
        try:
            rows, error = _once(database, text, values), None
        except Exception as raised:
            rows, error = None, raised
        # What changed meanwhile may have been read half before and half after.
        if _traces(database) == before:
            if error is not None:
                raise error
            return rows
    return _once(database, text, values)


def _traces(database):
    traces = []
    for ending in ("", "-wal", "-shm"):
        try:
            status = os.stat(database + ending)
            traces.append((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
        except OSError:
            traces.append(None)
    return traces


def _once(database, text, values):
    _, log, shared = _traces(database)
    if shared is not None:
        return _rows(uri(database, "mode=ro"), text, values)
    if log is None or log[2] == 0:
        return _rows(uri(database, "immutable=1"), text, values)
    import shutil
    import tempfile
    with tempfile.TemporaryDirectory(prefix="muster-read-") as folder:
        copy = os.path.join(folder, "muster.db")
        for ending in ("", "-wal"):
            shutil.copyfile(database + ending, copy + ending)
        return _rows(uri(copy, "mode=rw"), text, values)


def _rows(address, text, values):
    connection = connect(address, uri=True, timeout=30)
    try:
        return connection.execute(text, values).fetchall()
    finally:
        connection.close()
