"""The file format of artifacts: a pickle of protocol 5, with large buffers behind it instead of in it.

    pickle stream · padding · buffer 0 · padding · buffer 1 · … · table · count · mark

A file without large buffers is the pickle alone. Otherwise every buffer starts at a multiple of 64 bytes. The table has
two little-endian 64-bit numbers for each buffer, its offset and its length in bytes; `count` is a 64-bit number, and
the mark has eight bytes. A pickle ends with a dot and the mark does not, so the last byte tells the two forms apart.

Buffers are written without a copy and read with mmap, so a large array is in memory once (Benchmarks: python-artifact,
python-memory). The mapping is private: changes in memory do not reach the file.
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
# A smaller buffer is stored in the pickle: a page of its own would cost more.
SMALLEST_BUFFER = 16 << 10
CHUNK = 1 << 20

# Immutable types: a value that was read is the one that is stored.
IMMUTABLE = frozenset([type(None), bool, int, float, complex, str, bytes, range])


class _Pickler(pickle.Pickler):
    """Pickles PyTorch tensors with out-of-band buffers, which their own `__reduce__` does not use."""

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
    """Writes `value` into a new file. Raises the errors of pickling."""
    with open(path, "wb", buffering=0) as file:
        write_to(value, io.BufferedWriter(_WholeWriter(file), CHUNK))


def pickled(value):
    """Returns the pickle of `value`, and its large buffers. Raises the errors of pickling."""
    buffers, file = [], io.BytesIO()
    _pickler(file, buffers).dump(value)
    return file.getbuffer(), buffers


def write_pickled(stream, buffers, path):
    """Writes a pickle and its buffers into a new file. Returns the file's size in bytes."""
    with open(path, "wb", buffering=0) as file:
        counter = _Counter(io.BufferedWriter(_WholeWriter(file), CHUNK))
        counter.write(stream)
        _append(buffers, counter)
        counter.file.flush()
        return counter.position


def measure(value):
    """Returns the number of bytes that the file of `value` would have. Raises the errors of pickling."""
    counter = _Counter(_Nowhere())
    write_to(value, counter)
    return counter.position


class _Nowhere:
    def write(self, data):
        pass

    def flush(self):
        pass


class _WholeWriter(io.RawIOBase):
    """Writes all of its argument, a mebibyte at a time.

    For larger pieces Linux looks for huge pages in the page cache, and can take ten times as long.
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
    """A writer that counts the bytes it passes on."""

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
    """Returns the value in a file that `write` has made."""
    with open(path, "rb") as file:
        return pickle.load(file, buffers=_buffers(file))


def _buffers(file):
    """Returns views of the file's buffers, or None for a pickle alone. Leaves the file at its beginning."""
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
    """A writer that compares its input with an existing file."""

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
    """True if writing `value` would make the same file as the one at `path`. Takes no memory for a copy."""
    comparison = _Comparison(path)
    with comparison.file:
        write_to(value, comparison)
        return comparison.is_same and not comparison.file.read(1)


# All encodings of artifacts.

_NUMBERS = {
    "int8": "b", "int16": "h", "int32": "i", "int64": "q", "uint8": "B", "uint16": "H", "uint32": "I", "uint64": "Q",
    "float32": "f", "float64": "d",
}


def decode(path, reference, name, data=None):
    """Returns the value of an artifact of any encoding. data: its bytes, if they have been read already.

    Raises ArtifactUnreadable, which names the artifact, if the bytes cannot be decoded here.
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
    """Returns a CaughtFailure for the TaskFailure that `@catch` stores as JSON, and any other value unchanged."""
    is_failure = isinstance(value, dict) and {"code", "message", "lastLines"} <= value.keys()
    return CaughtFailure(value) if is_failure else value
