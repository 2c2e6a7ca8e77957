"""Values of artifacts as texts for people: what `muster dump` shows of pickles."""

import json
import os
import sys


class Input:
    """Paths of files on standard input, each ended by a zero byte: a command line has no room for many."""

    paths = []

    @classmethod
    def take(cls):
        """Reads them. The flow, which has not run yet, finds an empty standard input."""
        cls.paths = sys.stdin.buffer.read().split(b"\0")[:-1]
        empty = os.open(os.devnull, os.O_RDONLY)
        os.dup2(empty, 0)
        os.close(empty)


def answers(limit, paths):
    """For each file its value's text, or why it has none. It is cut after `limit` characters; 0 leaves it whole."""
    return [_answer(limit, path) for path in paths]


def _answer(limit, path):
    from .. import artifacts
    from ..cards.components import shown
    try:
        value = artifacts.read(path)
        text = shown(value, limit) if limit else repr(value)
        # Half of a pair of surrogates is no text for others.
        return {"text": text.encode("utf-8", "backslashreplace").decode()}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}


def show(words, output):
    """`values LIMIT`: writes a JSON list of answers."""
    json.dump(answers(int(words[0]), [os.fsdecode(path) for path in Input.paths]), output)
    return 0
