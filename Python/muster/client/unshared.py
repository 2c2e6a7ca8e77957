"""Queries of a database in a folder that this user cannot write to, while no other process has it open.

SQLite reads a database in write-ahead mode through two more files, -wal and -shm, which it would have to create here. With
an empty or missing -wal the database is complete, and is opened as immutable. A -wal that is not empty was left by a process
that died: a copy of both files is read.
"""

import os

from .database import connect

# Attempts to read while writers come and go.
ATTEMPTS = 10


def query(database, text, values):
    for _ in range(ATTEMPTS - 1):
        before = _stamps(database)
        try:
            rows, error = _once(database, text, values), None
        except Exception as raised:
            rows, error = None, raised
        # A file that has changed since may have been read half before the change and half after it.
        if _stamps(database) == before:
            if error is not None:
                raise error
            return rows
    return _once(database, text, values)


def _stamps(database):
    """The identity, size and time of the three files."""
    stamps = []
    for ending in ("", "-wal", "-shm"):
        try:
            status = os.stat(database + ending)
            stamps.append((status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))
        except OSError:
            stamps.append(None)
    return stamps


def _once(database, text, values):
    _, log, shared = _stamps(database)
    if shared is not None:
        return _rows(database, "mode=ro", text, values)
    if log is None or log[2] == 0:
        return _rows(database, "immutable=1", text, values)
    import shutil
    import tempfile
    with tempfile.TemporaryDirectory(prefix="muster-read-") as folder:
        copy = os.path.join(folder, os.path.basename(database))
        for ending in ("", "-wal"):
            shutil.copyfile(database + ending, copy + ending)
        return _rows(copy, "mode=rw", text, values)


def _rows(path, option, text, values):
    connection = connect(path, option)
    try:
        return connection.execute(text, values).fetchall()
    finally:
        connection.close()
