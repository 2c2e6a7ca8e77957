"""Where modules are found while a flow runs."""

import os
import sys

from .program import PACKAGED, packaged

SHIM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim")


def settle(root, arguments):
    """Makes the search path that of `python FLOW.py`, with Muster's front end behind it.

    `metaflow` is Muster's own too, unless MUSTER_USE_REAL_METAFLOW says otherwise. Only this process sees that.
    """
    verbs = [word for word in arguments[1:] if word in PACKAGED]
    flow = os.path.abspath(arguments[0]) if arguments else ""
    # A link to a file stands for that file, as for an interpreter that is given one.
    folder = os.path.dirname(os.path.realpath(packaged(flow) if verbs else flow))
    sys.path.remove(root)
    sys.path.insert(0, folder)
    if os.environ.get("MUSTER_USE_REAL_METAFLOW", "") in ("", "0"):
        sys.path.insert(0, SHIM)
    sys.path.append(root)
    if "values" in verbs:
        # It runs on the store's own copy of the source, which stays as it is.
        sys.dont_write_bytecode = True
