"""Places in the user's source, for messages."""

import os
import sys

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def is_own(path):
    """True if a file belongs to this package and not to the flow."""
    return path.startswith(PACKAGE) or path.startswith("<frozen ")


def short(path):
    """Returns the path relative to the current folder if it is below it, else unchanged."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return path
    return relative if not relative.startswith("..") else path


def users_frame():
    """Returns the nearest stack frame outside of this package, or None."""
    frame = sys._getframe(1)
    while frame is not None and is_own(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def caller():
    """Returns `file:line` of the nearest frame outside of this package, or an empty text."""
    frame = users_frame()
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else ""


def at_caller(message):
    """Returns `message` behind the place of the user's own line."""
    place = caller()
    return f"{place}: {message}" if place else message
