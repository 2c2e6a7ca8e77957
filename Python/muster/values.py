"""Values of artifacts as texts for people: what `muster dump` shows of pickles."""

import json


def texts(limit, paths):
    """A text for each file, cut after `limit` characters; what cannot be read says why."""
    return [_text(limit, path) for path in paths]


def _text(limit, path):
    from . import artifacts
    from .cards.components import shown
    try:
        return shown(artifacts.read(path), limit)
    except Exception as error:
        return f"(cannot be read: {type(error).__name__}: {error})"


def show(words, output):
    """`values LIMIT FILE…`: writes a JSON list of texts."""
    json.dump(texts(int(words[0]), words[1:]), output)
    return 0
