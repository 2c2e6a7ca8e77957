"""The module search path of a flow program."""

import os
import sys

from ..location import PACKAGE

SHIM = os.path.join(PACKAGE, "shim")


def settle(root, flow, verb):
    """Makes the search path that of `python FLOW.py`, with Muster's front end behind it.

    The name `metaflow` is Muster's shim unless MUSTER_USE_REAL_METAFLOW is set. Processes that the flow starts do not
    inherit this. root: the folder that holds the package. flow: the flow's file.
    """
    sys.path.remove(root)
    # A symbolic link stands for its target, as for an interpreter that is given one.
    sys.path.insert(0, os.path.dirname(os.path.realpath(flow)))
    if os.environ.get("MUSTER_USE_REAL_METAFLOW", "") in ("", "0"):
        sys.path.insert(0, SHIM)
    sys.path.append(root)
    if verb == "values":
        # It runs on the store's own copy of the source, which must not change.
        sys.dont_write_bytecode = True
