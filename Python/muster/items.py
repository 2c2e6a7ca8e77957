"""The elements of a foreach as lines of a file, of which the engine gives each task one.

A line is JSON: a text, a number, true, false or null stands for itself, and any other element is an object with its
pickle in base64. A line that begins with `@` names a file of the task folder instead: a large element becomes an
artifact.
"""

import base64
import json
import os
import pickle

from . import artifacts

FILE = "items.jsonl"
# Bytes. A larger element becomes an artifact.
LARGEST = 16 << 10
# Bytes of large elements together. Beyond, they are checked for shared contents.
LARGEST_APART = 64 << 20


class Together(list):
    """All elements of one foreach in one artifact. They share most of their contents, such as a table in every tuple."""


class Unpicklable(Exception):
    def __init__(self, index, error):
        self.index, self.error = index, error


def write(elements, folder):
    """Writes the elements into a task folder. Raises Unpicklable."""
    writer = _Writer(elements, folder)
    try:
        lines = writer.lines()
    except _ShareMuch:
        lines = writer.lines_together()
    with open(os.path.join(folder, FILE), "w", encoding="utf-8") as file:
        file.writelines(lines)


class _ShareMuch(Exception):
    """The elements would take several times as much space in separate files as in one."""


class _Writer:
    def __init__(self, elements, folder):
        self.elements, self.folder = elements, folder
        self.written = []
        self.size = 0
        # Bytes of separate files beyond which one file for all is checked.
        self.limit = LARGEST_APART
        self.is_measured = False

    def lines(self):
        return [self._line(index, element) for index, element in enumerate(self.elements)]

    def lines_together(self):
        for path in self.written:
            os.unlink(os.path.join(self.folder, path))
        self._pickled(None, lambda: artifacts.write(Together(self.elements), os.path.join(self.folder, "artifacts/@")))
        return [_file("artifacts/@")] * len(self.elements)

    def _line(self, index, element):
        text = _text(element)
        if text is None:
            stream, buffers = self._pickled(index, lambda: artifacts.pickled(element))
            if buffers or len(stream) > LARGEST:
                return self._apart(index, stream, buffers)
            text = json.dumps({"pickle": base64.b64encode(stream).decode()})
        return text + "\n"

    def _apart(self, index, stream, buffers):
        # The @ keeps it apart from files of attributes.
        path = f"artifacts/@{index}"
        self.size += artifacts.write_pickled(stream, buffers, os.path.join(self.folder, path))
        self.written.append(path)
        if self.size > self.limit:
            self._measure()
        return _file(path)

    def _measure(self):
        if not self.is_measured:
            self.is_measured = True
            self.limit = max(self.limit, 2 * self._pickled(None, lambda: artifacts.measure(self.elements)))
        if self.size > self.limit:
            raise _ShareMuch

    def _pickled(self, index, make):
        try:
            return make()
        except OSError:
            raise
        except Exception as error:
            raise Unpicklable(index, error) from None


def _text(element):
    """Returns the JSON text of a small element that JSON can hold, or None."""
    if element is None or isinstance(element, bool) or type(element) is int and -(1 << 63) <= element < 1 << 63:
        return json.dumps(element)
    # False for infinities and NaN, which JSON does not have.
    if type(element) is float and element - element == 0:
        return json.dumps(element)
    if type(element) is str and len(element) <= LARGEST // 6 and _is_text(element):
        return json.dumps(element)
    return None


def _is_text(text):
    """True unless the text has half of a surrogate pair, which JSON parsers of other languages refuse."""
    try:
        text.encode()
        return True
    except UnicodeEncodeError:
        return False


def _file(path):
    return f'@{json.dumps({"path": path, "encoding": "pickle"})}\n'


def read(frame, locate):
    """Returns a task's element of a foreach. locate: returns the path of an artifact's bytes for its reference."""
    reference = frame.get("artifact")
    if reference is not None:
        value = artifacts.decode(locate(reference), reference, f"element {frame['index']} of the foreach in {frame['step']}")
        return value[frame["index"]] if type(value) is Together else value
    element = json.loads(frame["item"])
    return pickle.loads(base64.b64decode(element["pickle"])) if isinstance(element, dict) else element
