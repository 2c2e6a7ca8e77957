"""Where in the user's source something was written."""

import os
import sys

PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def is_own(path):
    """Whether a file belongs to this package and not to the flow."""
    return path.startswith(PACKAGE) or path.startswith("<frozen ")


def short(path):
    """A path as people write it: relative where that is shorter."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return path
    return relative if not relative.startswith("..") else path


def users_frame():
    """The nearest frame that is not this package's own; None where there is none."""
    frame = sys._getframe(1)
    while frame is not None and is_own(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def caller():
    """`file:line` of the nearest frame that is not this package's own; an empty text where there is none."""
    frame = users_frame()
    return f"{os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}" if frame else ""


def at_caller(message):
    """`message` with the place of the user's own line in front."""
    place = caller()
    return f"{place}: {message}" if place else message
