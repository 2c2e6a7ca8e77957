"""The bytes of values that are stored: files as they are, everything else behind one another in one file."""

import os
import shutil
import stat
from io import BufferedIOBase, FileIO, RawIOBase

from .errors import MetaflowS3InvalidObject


class Sources:
    """The values of one request. `path` is that of the file for those that are in memory."""

    def __init__(self, path):
        self.path = path
        self._file = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._file is not None:
            self._file.close()
            os.unlink(self.path)

    def finish(self):
        """Has to be called before the values are sent."""
        if self._file is not None:
            self._file.flush()

    def add(self, key, value, from_start):
        """The entries of an item that say where the bytes of `value` are.

        from_start: a file is read from its beginning, and not from its position on.
        """
        if isinstance(value, (RawIOBase, BufferedIOBase)):
            return self._of_file(key, value, from_start)
        if isinstance(value, str):
            value = value.encode()
        elif not isinstance(value, bytes):
            raise MetaflowS3InvalidObject(
                f"Object corresponding to the key '{key}' is not a string or a bytes object.")
        offset = self._opened().tell()
        self._file.write(value)
        return {"path": self.path, "offset": offset, "length": len(value)}

    def _opened(self):
        if self._file is None:
            self._file = open(self.path, "wb")
        return self._file

    def _of_file(self, key, value, from_start):
        if not value.readable() or not value.seekable():
            raise MetaflowS3InvalidObject(
                f"Object corresponding to the key '{key}' is not readable or seekable")
        if from_start:
            value.seek(0)
        found = _path(value)
        if found:
            offset = value.tell()
            return {"path": found, "offset": offset, "length": max(0, os.stat(found).st_size - offset)}
        offset = self._opened().tell()
        shutil.copyfileobj(value, self._file, 1 << 20)
        return {"path": self.path, "offset": offset, "length": self._file.tell() - offset}


def _path(value):
    """The absolute path of a file that a program has opened, if it is a regular one that is still there."""
    raw = getattr(value, "raw", value)
    if not isinstance(raw, FileIO) or not isinstance(raw.name, (str, bytes)):
        return None
    if value.writable():
        value.flush()
    try:
        path, opened = os.stat(raw.name), os.fstat(raw.fileno())
    except OSError:
        return None
    return os.path.abspath(os.fsdecode(raw.name)) if stat.S_ISREG(path.st_mode) and os.path.samestat(path, opened) else None
