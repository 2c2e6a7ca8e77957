"""How a failed body is told: a traceback that ends in the user's own line, and a result that names it."""

import os
import sys
import traceback

from .errors import MusterException
from .launch import launch
from .location import is_own
from .task import leave_error


def tell(error, folder):
    """Writes the traceback to standard error and the error into the result. Returns the exit code and what was told."""
    frames = users_frames(error)
    told = text(error, frames)
    sys.stdout.flush()
    sys.stderr.write(told)
    sys.stderr.flush()
    leave_error(folder, getattr(error, "code", "step.error") if isinstance(error, MusterException) else "step.error",
                summary(error, frames))
    return 1, told


def told_exit(leaving, step, folder):
    """The body called sys.exit, or something in it did: that is no way to end a step. Returns as ``tell`` does."""
    frames = users_frames(leaving)
    place = f" ({_place(frames[-1])})" if frames else ""
    status = leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
    said = f": {leaving.code}" if isinstance(leaving.code, str) else ""
    message = f"step {step} called sys.exit({'' if leaving.code is None else repr(leaving.code)}){place}; a step ends by returning"
    sys.stdout.flush()
    sys.stderr.write(f"{message}{said if said not in message else ''}\n")
    sys.stderr.flush()
    leave_error(folder, "step.error", message)
    return status or 1, message


def users_frames(error):
    """The frames of the traceback without this package's own at both ends."""
    frames = traceback.extract_tb(error.__traceback__)
    while frames and is_own(frames[0].filename):
        frames.pop(0)
    while frames and is_own(frames[-1].filename):
        frames.pop()
    return frames


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
    if isinstance(error, MusterException):
        return [f"{error}\n"]
    return traceback.format_exception_only(type(error), error)


def summary(error, frames):
    """One line: the exception, and where in the user's source it was raised."""
    if isinstance(error, MusterException):
        return str(error)
    last = [line for line in _only(error) if line.strip()][-1].strip()
    own = [frame for frame in frames if "site-packages" not in frame.filename and not frame.filename.startswith(sys.base_prefix)]
    return f"{last} ({_place(own[-1] if own else frames[-1])})" if frames else last


def _place(frame):
    return f"{os.path.basename(frame.filename)}:{frame.lineno}"
