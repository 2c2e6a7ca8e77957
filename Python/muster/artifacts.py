"""Artifacts as files: a pickle of protocol 5, with large buffers beside it instead of in it.

    pickle stream · padding · buffer 0 · padding · buffer 1 · … · table · count · mark

Without large buffers a file is the pickle alone. Otherwise every buffer starts at a multiple of 64 bytes; the table has
two little-endian 64-bit numbers for each, its offset and its length in bytes; `count` is a 64-bit number, and the mark
is eight bytes. A pickle ends with a dot and the mark does not, so the end tells which it is.

Buffers are written from where they lie and mapped where they are read, so a large array is never held twice. The
mapping is private: what is changed in memory stays there.
"""

import io
import json
import mmap
import os
import pickle
import struct
import sys

from .errors import ArtifactUnreadable, CaughtFailure

MARK = b"muster\x05\n"
ALIGNMENT = 64
# A smaller buffer costs less inside the pickle than a page of its own does.
SMALLEST_BUFFER = 16 << 10
CHUNK = 1 << 20

# Values of these types cannot change, so one that was read is the one that is stored.
IMMUTABLE = frozenset([type(None), bool, int, float, complex, str, bytes, range])


class _Pickler(pickle.Pickler):
    """Tensors have no out-of-band pickle of their own, so they get one here."""

    def reducer_override(self, value):
        if type(value).__name__ == "Tensor" and type(value).__module__ == "torch":
            from . import tensors
            return tensors.reduce(value)
        return NotImplemented


def _pickler(file, buffers):
    def take(buffer):
        with buffer.raw() as view:
            if view.nbytes < SMALLEST_BUFFER:
                return True
        buffers.append(buffer)
        return False

    kind = _Pickler if "torch" in sys.modules else pickle.Pickler
    return kind(file, protocol=5, buffer_callback=take)


def write(value, path):
    """Writes `value` into a new file. Raises what pickling it raises."""
    with open(path, "wb", buffering=0) as file:
        write_to(value, io.BufferedWriter(_WholeWriter(file), CHUNK))


def pickled(value):
    """The pickle of `value`, and its large buffers. Raises what pickling it raises."""
    buffers, file = [], io.BytesIO()
    _pickler(file, buffers).dump(value)
    return file.getbuffer(), buffers


def write_pickled(stream, buffers, path):
    """Writes what `pickled` gave into a new file. Returns how many bytes that has."""
    with open(path, "wb", buffering=0) as file:
        counter = _Counter(io.BufferedWriter(_WholeWriter(file), CHUNK))
        counter.write(stream)
        _append(buffers, counter)
        counter.file.flush()
        return counter.position


def measure(value):
    """How many bytes the file of `value` would have. Raises what pickling it raises."""
    counter = _Counter(_Nowhere())
    write_to(value, counter)
    return counter.position


class _Nowhere:
    def write(self, data):
        pass

    def flush(self):
        pass


class _WholeWriter(io.RawIOBase):
    """Writes everything it is given, a mebibyte at a time.

    In larger pieces Linux looks for larger pages, and can take ten times as long.
    """

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, data):
        view = memoryview(data).cast("B")
        done = 0
        while done < len(view):
            done += self.file.write(view[done:done + CHUNK])
        return done


class _Counter:
    """A file that counts what goes through it."""

    def __init__(self, file):
        self.file = file
        self.position = 0

    def write(self, data):
        self.file.write(data)
        self.position += memoryview(data).nbytes

    def align(self):
        self.write(bytes(-self.position % ALIGNMENT))

    def flush(self):
        self.file.flush()


def write_to(value, file):
    buffers = []
    counter = _Counter(file)
    _pickler(counter, buffers).dump(value)
    _append(buffers, counter)
    file.flush()


def _append(buffers, counter):
    if not buffers:
        return
    table = b""
    for buffer in buffers:
        counter.align()
        with buffer.raw() as view:
            table += struct.pack("<QQ", counter.position, view.nbytes)
            counter.write(view)
        buffer.release()
    counter.align()
    counter.write(table + struct.pack("<Q", len(buffers)) + MARK)


def read(path):
    """The value in a file that `write` made."""
    with open(path, "rb") as file:
        return pickle.load(file, buffers=_buffers(file))


def _buffers(file):
    """Views of the file's buffers; None for a pickle alone. Leaves the file at its beginning."""
    size = file.seek(0, os.SEEK_END)
    tail = len(MARK) + 8
    buffers = None
    if size > tail:
        file.seek(size - tail)
        end = file.read(tail)
        if end[8:] == MARK:
            count = struct.unpack("<Q", end[:8])[0]
            file.seek(size - tail - 16 * count)
            table = struct.unpack(f"<{2 * count}Q", file.read(16 * count))
            view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY))
            buffers = [view[offset:offset + length] for offset, length in zip(table[::2], table[1::2])]
    file.seek(0)
    return buffers


class _Comparison:
    """A file that is not written but compared with one that is there."""

    def __init__(self, path):
        self.file = open(path, "rb", buffering=0)
        self.is_same = True

    def write(self, data):
        view = memoryview(data).cast("B")
        for start in range(0, len(view) if self.is_same else 0, CHUNK):
            piece = bytes(view[start:start + CHUNK])
            if self.file.read(len(piece)) != piece:
                self.is_same = False
                return

    def flush(self):
        pass


def is_unchanged(value, path):
    """Whether writing `value` would make the file that stands at `path`. Needs no memory for it."""
    comparison = _Comparison(path)
    with comparison.file:
        write_to(value, comparison)
        return comparison.is_same and not comparison.file.read(1)


# Everything that a store can hold.

_NUMBERS = {
    "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q",
    "float32": "f", "float64": "d",
}


def decode(path, reference, name, data=None):
    """The value of an artifact of any encoding; `data` are its bytes, where somebody has read them already.

    Raises ArtifactUnreadable, which names it, when its bytes make no value here.
    """
    encoding = reference["encoding"]
    try:
        if encoding == "pickle":
            return pickle.loads(data) if data is not None and not data.endswith(MARK) else read(path)
        if data is None:
            with open(path, "rb") as file:
                data = file.read()
        if encoding == "data":
            return data
        if encoding == "json":
            return _failure_or(json.loads(data))
        from array import array
        return array(_NUMBERS[encoding], data)
    except Exception as error:
        raise ArtifactUnreadable(
            f"artifact '{name}' ({reference['digest'][:12]}) cannot be read: {type(error).__name__}: {error}") from error


def _failure_or(value):
    """What `@catch` stored is a TaskFailure in JSON; everything else in JSON is itself."""
    is_failure = isinstance(value, dict) and {"code", "message", "lastLines"} <= value.keys()
    return CaughtFailure(value) if is_failure else value
