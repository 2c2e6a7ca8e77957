"""How a failed body is told: a traceback that ends in the user's own line, and a result that names it."""

import os
import sys
import traceback

from .errors import MusterException, is_own as is_own_error, type_name
from .launch import launch
from .location import is_own
from .task import leave_error

# Characters of an exception's own words, and of a whole sentence of ours, in a summary: the traceback has all of them.
OWN_WORDS = 300
SENTENCE = 1000
# Characters that programs find of its words, and of its traceback, from the end.
KEPT = 64 << 10


def tell(error, folder, left, is_hidden=False):
    """Writes the traceback to standard error and the error into the result. Returns the exit code and what was told.

    left: gives what was set before, see ``leave_error``. is_hidden: nobody wants to see the traceback; it is kept.
    """
    frames = users_frames(error)
    told = text(error, frames)
    sys.stdout.flush()
    if not is_hidden:
        sys.stderr.write(told)
        sys.stderr.flush()
    raised = {"type": _plain(type_name(type(error))), "text": _plain(_words(error)), "trace": _plain(told)}
    code = error.code if isinstance(error, MusterException) and is_own_error(type(error)) else "step.error"
    leave_error(folder, code, summary(error, frames), left, raised)
    return 1, told


def _words(error):
    try:
        return str(error)
    except Exception as failure:
        return f"its text fails: {type(failure).__name__}: {failure}"


def _plain(text):
    """The end of a text that every language can read: with what is no Unicode as its number."""
    return text[-KEPT:].encode(errors="backslashreplace").decode()


def told_exit(leaving, step, folder, left):
    """The body called sys.exit, or something in it did: that is no way to end a step. Returns as ``tell`` does."""
    frames = users_frames(leaving)
    place = f" ({_place(frames[-1])})" if frames else ""
    status = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
    said = f": {leaving.code}" if isinstance(leaving.code, str) else ""
    given = "" if leaving.code is None else cut(repr(leaving.code), OWN_WORDS)
    message = f"step {step} called sys.exit({given}){place}; a step ends by returning"
    sys.stdout.flush()
    sys.stderr.write(f"{message}{said if said not in message else ''}\n")
    sys.stderr.flush()
    leave_error(folder, "step.error", message, left)
    return status or 1, message


def users_frames(error):
    """The frames of the traceback without this package's own."""
    return [frame for frame in traceback.extract_tb(error.__traceback__) if not is_own(frame.filename)]


def text(error, frames):
    lines = []
    for cause in _causes(error):
        lines += traceback.format_exception(type(cause), cause, cause.__traceback__, chain=False)
        lines.append("\nThe above exception was followed by another one:\n\n")
    if frames:
        lines.append("Traceback (most recent call last):\n")
        lines += traceback.format_list(frames)
    return _without_package("".join(lines + _only(error)))


def _without_package(text):
    """Files of the code package by their names in the flow's folder: nobody knows where a run keeps its copy."""
    folder = os.path.dirname(launch.file) if launch.file else ""
    return text.replace(f'File "{folder}{os.sep}', 'File "') if folder else text


def _causes(error):
    """What led to the exception, oldest first, where the user is to see it."""
    causes = []
    while True:
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if error is None or error in causes:
            return causes[::-1]
        causes.append(error)


def _only(error):
    """The exception's own lines. Ours are sentences: their class says nothing."""
    if isinstance(error, MusterException) and is_own_error(type(error)):
        return [f"{error}\n"]
    return traceback.format_exception_only(type(error), error)


def summary(error, frames):
    """One line: the exception, and where in the user's source it was raised."""
    if isinstance(error, MusterException) and is_own_error(type(error)):
        return cut(" ".join(str(error).splitlines()), SENTENCE)
    words = cut(_headline(error), OWN_WORDS)
    own = [frame for frame in frames if "site-packages" not in frame.filename and not frame.filename.startswith(sys.base_prefix)]
    return f"{words} ({_place(own[-1] if own else frames[-1])})" if frames else words


def _headline(error):
    """The exception's class and the first line of what it says. The source that a SyntaxError shows comes before it."""
    lines = [line.strip() for line in "".join(_only(error)).splitlines() if line.strip()]
    named = [line for line in lines if line.startswith(type(error).__name__)]
    return named[-1] if isinstance(error, SyntaxError) and named else lines[0]


def cut(text, length):
    """The text, or its beginning where it is longer."""
    return text if len(text) <= length else text[:length - 1] + "…"


def _place(frame):
    return f"{os.path.basename(frame.filename)}:{frame.lineno}"
