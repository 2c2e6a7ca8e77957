"""Where modules come from: the interpreter's own and installed ones are the same for every task of a run, others are the
flow's and can be written while it runs.
"""

import os
import sys

from ..location import PACKAGE

INSTALLED = ("site-packages", "dist-packages")
# What installing and removing a distribution changes.
_RECORDS = (".dist-info", ".egg-info", ".egg-link", ".pth")


def installed_folders():
    """The folders of installed distributions on the search path."""
    return [each for each in sys.path if os.path.basename(each) in INSTALLED]


class Installation:
    """What is installed, to see whether it changes. Compiled modules that are kept beside the others are no change."""

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
    """Tells modules' files apart by the search path as it is now."""

    def __init__(self):
        self._standard = _prefixes(os.path.dirname(os.__file__))
        self._below_standard = tuple(folder + name for folder in self._standard for name in INSTALLED)
        self._own = _prefixes(PACKAGE.rstrip(os.sep))
        self._installed = _prefixes(*installed_folders())

    def is_standard(self, path):
        """Whether a module's file belongs to the standard library or to this front end."""
        return path.startswith(self._own) or (
            path.startswith(self._standard) and not path.startswith(self._below_standard))

    def is_installed(self, path):
        """Whether it does, or to an installed distribution."""
        return path.startswith(self._installed) or self.is_standard(path)


def file_of(module):
    """The file of what stands in `sys.modules`; None where there is none. Runs no code of the module's."""
    try:
        return object.__getattribute__(module, "__dict__").get("__file__")
    except AttributeError:
        return None
