"""The command `muster`: its path, and the environment that makes it run flows on this Python."""

import os
import sys

from .errors import MusterException
from .location import PACKAGE


def command():
    """Returns the path of `muster`, or None: named in MUSTER_COMMAND, beside this Python, the newest build of the
    source tree around this package, or on the PATH.
    """
    named = os.environ.get("MUSTER_COMMAND")
    if named:
        return named
    builds = os.path.join(os.path.dirname(os.path.dirname(PACKAGE.rstrip(os.sep))), ".build")
    beside = os.path.join(os.path.dirname(sys.executable), "muster")
    # The two configurations may be of different sources: the one that was built last is of the newer.
    built = [os.path.join(builds, each, "muster") for each in ("release", "debug")]
    built = sorted((each for each in built if os.access(each, os.X_OK)), key=os.path.getmtime, reverse=True)
    found = next((each for each in [beside, *built] if os.access(each, os.X_OK)), None)
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
