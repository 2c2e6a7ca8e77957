"""Configs as options before the verb, in which `muster` passes their values on to every task."""

from ..errors import ParameterError

# Characters of one word: Linux takes words of 128 KiB (MAX_ARG_STRLEN), and a character has up to 4 bytes in UTF-8.
PIECE = 30_000
# Bytes of all words: Linux takes a quarter of the stack's limit for arguments and variables, usually 2 MiB.
LARGEST = 1_500_000


def words(texts):
    """Returns configs, texts by name, as options."""
    words = []
    for name, text in sorted(texts.items()):
        first, *others = _pieces(text)
        words += ["--config-value", name, first]
        for piece in others:
            words += ["--config-more", name, piece]
    size = sum(len(word.encode()) for word in words)
    if size > LARGEST:
        raise ParameterError(
            f"the flow's configs have {size} bytes, and at most {LARGEST} can be passed on to every step; give large data as "
            "a file, with IncludeFile")
    return words


def _pieces(text):
    return [text[start:start + PIECE] for start in range(0, len(text), PIECE)] or [""]
