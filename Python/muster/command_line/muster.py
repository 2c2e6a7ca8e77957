"""The command `muster`: its path, and the environment that makes it run flows on this Python."""

import os
import sys

from ..errors import MusterException
from ..location import PACKAGE


def command():
    """Returns the path of `muster`, or None: named in MUSTER_COMMAND, beside this Python, in the source tree's build folder,
    or on the PATH."""
    named = os.environ.get("MUSTER_COMMAND")
    if named:
        return named
    root = os.path.dirname(os.path.dirname(PACKAGE.rstrip(os.sep)))
    candidates = [
        os.path.join(os.path.dirname(sys.executable), "muster"),
        os.path.join(root, ".build", "release", "muster"), os.path.join(root, ".build", "debug", "muster"),
    ]
    found = next((each for each in candidates if os.access(each, os.X_OK)), None)
    if found is None:
        import shutil
        found = shutil.which("muster")
    return found


def required_command():
    """Returns the path of `muster`. Raises MusterException if there is none."""
    found = command()
    if found is None:
        raise MusterException("the command 'muster' was not found beside this Python nor on the PATH; name it in MUSTER_COMMAND")
    return found


def environment(variables=None):
    """Returns the variables for `muster`: with them it runs flows on this Python with this front end."""
    return {
        **(variables or os.environ), "MUSTER_PYTHON": sys.executable,
        "MUSTER_PYTHON_FRONT_END": PACKAGE.rstrip(os.sep)}
