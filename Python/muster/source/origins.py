"""Origins of modules. Those of the interpreter and of installed distributions are the same for all tasks of a run.
Others belong to the flow, and a step may write them.
"""

import os
import sys

from ..location import PACKAGE

INSTALLED = ("site-packages", "dist-packages")
# Entries that installing and removing a distribution change.
_RECORDS = (".dist-info", ".egg-info", ".egg-link", ".pth")


def installed_folders():
    """Returns the folders of installed distributions on the search path."""
    return [each for each in sys.path if os.path.basename(each) in INSTALLED]


class Installation:
    """A snapshot of the installed distributions. Writing `__pycache__` beside them is no change."""

    def __init__(self):
        self._folders = {each: (_changed(each), _distributions(each)) for each in installed_folders()}

    def has_changed(self):
        for folder, (then, distributions) in self._folders.items():
            now = _changed(folder)
            if now != then:
                if _distributions(folder) != distributions:
                    return True
                self._folders[folder] = now, distributions
        return False


def _changed(path):
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None


def _distributions(folder):
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    return {name: _changed(os.path.join(folder, name)) for name in names if name.endswith(_RECORDS)}


def _prefixes(*folders):
    return tuple({spelled + os.sep for each in folders for spelled in (each, os.path.realpath(each))})


class Origins:
    """Classifies files of modules by the current search path."""

    def __init__(self):
        self._standard = _prefixes(os.path.dirname(os.__file__))
        self._below_standard = tuple(folder + name for folder in self._standard for name in INSTALLED)
        self._own = _prefixes(PACKAGE.rstrip(os.sep))
        self._installed = _prefixes(*installed_folders())

    def is_standard(self, path):
        """True for a file of the standard library or of this front end."""
        return path.startswith(self._own) or (
            path.startswith(self._standard) and not path.startswith(self._below_standard))

    def is_installed(self, path):
        """True for such a file and for one of an installed distribution."""
        return path.startswith(self._installed) or self.is_standard(path)


def file_of(module):
    """Returns the file of an entry of `sys.modules`, or None. Runs no code of the module, such as a `__getattr__`."""
    try:
        return object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:
        return None
