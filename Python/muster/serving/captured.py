"""Captures the output of libraries while they are loaded. Every step prints it, as if it had loaded them itself."""

import os
import sys

_STREAMS = {1: "stdout", 2: "stderr"}


class Captured:
    """A context manager that sends standard output and error to files in memory."""

    def __init__(self):
        self.texts = {}

    def __enter__(self):
        self._flush()
        self._saved = {number: os.dup(number) for number in _STREAMS}
        for number, name in _STREAMS.items():
            file = os.memfd_create(name)
            os.dup2(file, number)
            os.close(file)
        return self

    def __exit__(self, *_):
        self._flush()
        for number, saved in self._saved.items():
            self.texts[number] = os.pread(number, os.fstat(number).st_size, 0)
            os.dup2(saved, number)
            os.close(saved)

    def show(self):
        """Writes the captured output to this process's own streams."""
        for number, text in self.texts.items():
            while text:
                text = text[os.write(number, text):]

    @staticmethod
    def _flush():
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
