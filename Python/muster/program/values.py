"""The verb `values`: values of pickled artifacts as texts, for `muster dump`."""

import json
import os
import sys


class Input:
    """Paths of files on standard input, each ended by a zero byte: there may be too many for a command line."""

    paths = []

    @classmethod
    def take(cls):
        """Reads the paths before the flow's module runs, which finds an empty standard input."""
        cls.paths = sys.stdin.buffer.read().split(b"\0")[:-1]
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.close(empty)


def answers(limit, paths):
    """Returns the text of each file's value, or the error. limit: characters of a text; 0 for all."""
    return [_answer(limit, path) for path in paths]


def _answer(limit, path):
    from .. import artifacts
    from ..cards.components import shown
    try:
        value = artifacts.read(path)
        text = shown(value, limit) if limit else repr(value)
        # JSON parsers of other languages refuse half of a surrogate pair.
        return {"text": text.encode("utf-8", "backslashreplace").decode()}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def show(words, output):
    """Carries out `values LIMIT`: writes a JSON list of answers."""
    json.dump(answers(int(words[0]), [os.fsdecode(path) for path in Input.paths]), output)
    return 0
