"""Where modules are found while a flow runs."""

import os
import sys
from importlib.machinery import EXTENSION_SUFFIXES, SOURCE_SUFFIXES, ExtensionFileLoader, FileFinder, SourceFileLoader

from .program import PACKAGED, packaged

SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim")


class PackageLoader(SourceFileLoader):
    """A code package stays as it was made: compiled modules are not kept in it."""

    def set_data(self, path, data, *, _mode=0o666):
        pass


def settle(root, arguments):
    """Makes the search path that of `python FLOW.py`, with Muster's front end behind it.

    `metaflow` is Muster's own too, unless MUSTER_USE_REAL_METAFLOW says otherwise. Only this process sees that.
    """
    verbs = [word for word in arguments[1:] if word in PACKAGED]
    flow = os.path.abspath(arguments[0]) if arguments else ""
    folder = os.path.dirname(packaged(flow) if verbs else flow)
    sys.path.remove(root)
    sys.path.insert(0, folder)
    if os.environ.get("MUSTER_USE_REAL_METAFLOW", "") in ("", "0"):
        sys.path.insert(0, SHIM)
    sys.path.append(root)
    if verbs:
        sys.path_hooks.insert(0, _hook(folder))
        sys.path_importer_cache.clear()


def _hook(folder):
    def finder(path):
        if path != folder and not path.startswith(folder + os.sep):
            raise ImportError
        return FileFinder(path, (ExtensionFileLoader, EXTENSION_SUFFIXES), (PackageLoader, SOURCE_SUFFIXES))
    return finder
