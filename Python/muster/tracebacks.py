"""Exceptions as texts for people: tracebacks without this package's frames, and one-line summaries."""

import os
import sys
import traceback

from .errors import MusterException, is_own as is_own_error
from .launch import launch
from .location import is_own

# Characters of an exception's own message in a summary, and of a message of this package: the traceback has all of
# them.
OWN_WORDS = 300
SENTENCE = 1000


def is_sentence(error):
    """True for an error of this package, whose message is a sentence for a person."""
    return isinstance(error, MusterException) and is_own_error(type(error))


def users_frames(error):
    """Returns the frames of the traceback without this package's own."""
    return [frame for frame in traceback.extract_tb(error.__traceback__) if not is_own(frame.filename)]


def text(error, frames):
    """Returns the traceback of `error` with these frames, below the tracebacks of its causes."""
    lines = []
    for cause in _causes(error):
        lines += traceback.format_exception(type(cause), cause, cause.__traceback__, chain=False)
        lines.append("\nThe above exception was followed by another one:\n\n")
    if frames:
        lines.append("Traceback (most recent call last):\n")
        lines += traceback.format_list(frames)
    return _without_package("".join(lines + _only(error)))


def summary(error, frames):
    """Returns one line: the exception, and the line of the user's source that raised it."""
    if is_sentence(error):
        return cut(" ".join(str(error).splitlines()), SENTENCE)
    words = cut(_headline(error), OWN_WORDS)
    own = [frame for frame in frames if "site-packages" not in frame.filename and not frame.filename.startswith(sys.base_prefix)]
    return f"{words} ({place(own[-1] if own else frames[-1])})" if frames else words


def cut(text, length):
    """Returns the text, or its beginning if it is longer than `length`."""
    return text if len(text) <= length else text[:length - 1] + "…"


def place(frame):
    """Returns `file:line` of a frame."""
    return f"{os.path.basename(frame.filename)}:{frame.lineno}"


def _without_package(text):
    """Names files of the code package relative to the flow's folder: a run's copy lies in a folder that people do not
    know.
    """
    folder = os.path.dirname(launch.file) if launch.file else ""
    return text.replace(f'File "{folder}{os.sep}', 'File "') if folder else text


def _causes(error):
    """Returns the exceptions that led to `error` and that Python would show, oldest first."""
    causes = []
    while True:
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if error is None or error in causes:
            return causes[::-1]
        causes.append(error)


def _only(error):
    """Returns the exception's own lines. An error of this package is printed without its class, which tells nothing
    more.
    """
    return [f"{error}\n"] if is_sentence(error) else traceback.format_exception_only(type(error), error)


def _headline(error):
    """Returns the exception's class and the first line of its message, which follows the source line of a SyntaxError."""
    lines = [line.strip() for line in "".join(_only(error)).splitlines() if line.strip()]
    named = [line for line in lines if line.startswith(type(error).__name__)]
    return named[-1] if isinstance(error, SyntaxError) and named else lines[0]
