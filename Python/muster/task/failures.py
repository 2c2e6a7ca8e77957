"""Reports a failed body: prints its traceback to standard error and writes the failure into `result.json`."""

import sys

from .. import tracebacks
from ..errors import StepFailure, type_name
from .result import leave_error

# Characters of an exception's message, and of its traceback, that the run stores; the last ones of a longer text.
STORED = 64 << 10


def report(error, folder, left, is_hidden=False):
    """Reports an exception. Returns the exit code and the printed text.

    left: returns the artifacts that the body had set, see ``leave_error``. is_hidden: the traceback is stored and not
    printed.
    """
    frames = tracebacks.users_frames(error)
    printed = tracebacks.text(error, frames)
    sys.stdout.flush()
    if not is_hidden:
        sys.stderr.write(printed)
        sys.stderr.flush()
    raised = {"type": _plain(type_name(type(error))), "text": _plain(_words(error)), "trace": _plain(printed)}
    code = error.code if tracebacks.is_sentence(error) else "step.error"
    cause = error.failure.get("id") if isinstance(error, StepFailure) else None
    leave_error(folder, code, tracebacks.summary(error, frames), left, raised, cause)
    return 1, printed


def report_exit(leaving, step, folder, left):
    """Reports a body that called sys.exit, or that called something which did: a step ends by returning.

    Returns the same as ``report``.
    """
    frames = tracebacks.users_frames(leaving)
    place = f" ({tracebacks.place(frames[-1])})" if frames else ""
    status = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
    said = f": {leaving.code}" if isinstance(leaving.code, str) else ""
    given = "" if leaving.code is None else tracebacks.cut(repr(leaving.code), tracebacks.OWN_WORDS)
    message = f"step {step} called sys.exit({given}){place}; a step ends by returning"
    sys.stdout.flush()
    sys.stderr.write(f"{message}{said if said not in message else ''}\n")
    sys.stderr.flush()
    leave_error(folder, "step.error", message, left)
    return status or 1, message


def _words(error):
    try:
        return str(error)
    except Exception as failure:
        return f"its text fails: {type(failure).__name__}: {failure}"


def _plain(text):
    """Returns the end of a text as valid Unicode: lone surrogates become escapes, because JSON parsers refuse them."""
    return text[-STORED:].encode(errors="backslashreplace").decode()
