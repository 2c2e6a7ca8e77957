"""The elements of a foreach as lines, which the engine hands out one by one.

A line is a JSON text: a text, a number, true, false and null stand for themselves, anything else is an object with its
pickle in base64. A line that begins with `@` names a file of the task folder instead: a large element becomes an artifact
of its own. How large it is changes nothing but the way that it takes.
"""

import base64
import json
import os
import pickle

from . import artifacts

FILE = "items.jsonl"
# A larger element becomes an artifact.
LARGEST = 16 << 10
# Bytes of large elements from which on it is looked at whether they share what they hold.
LARGEST_APART = 64 << 20


class Together(list):
    """All elements of one foreach in one artifact, because they share most of what they hold."""


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
    """The elements would take several times as much space apart as they do together."""


class _Writer:
    def __init__(self, elements, folder):
        self.elements, self.folder = elements, folder
        self.written = []
        self.size = 0
        # From how many bytes on the elements are better kept together.
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
        # No attribute is called so.
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
    """The JSON text of a small element that JSON can say; None for any other."""
    if element is None or isinstance(element, bool) or type(element) is int and -(1 << 63) <= element < 1 << 63:
        return json.dumps(element)
    # JSON has no infinities.
    if type(element) is float and element - element == 0:
        return json.dumps(element)
    if type(element) is str and len(element) <= LARGEST // 6 and _is_text(element):
        return json.dumps(element)
    return None


def _is_text(text):
    """Half of a surrogate pair is no text that JSON in other languages can hold."""
    try:
        text.encode()
        return True
    except UnicodeEncodeError:
        return False


def _file(path):
    return f'@{json.dumps({"path": path, "encoding": "pickle"})}\n'


def read(frame, locate):
    """The element of a foreach that a task is inside of; `locate(reference)` gives the path of an artifact's bytes."""
    reference = frame.get("artifact")
    if reference is not None:
        value = artifacts.decode(locate(reference), reference, f"element {frame['index']} of the foreach in {frame['step']}")
        return value[frame["index"]] if type(value) is Together else value
    element = json.loads(frame["item"])
    return pickle.loads(base64.b64decode(element["pickle"])) if isinstance(element, dict) else element
