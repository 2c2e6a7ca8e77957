"""`python …/muster FLOW.py VERB …`: runs a flow with the front end in this folder."""

import os
import sys


def start():
    package = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(package)
    # An interpreter that runs a folder puts it first in the search path, where the flow's own folder belongs.
    sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != package]
    sys.path.insert(0, root)
    from muster.program import ending
    ending.prepare()
    import muster.main
    ending.end(muster.main.main(sys.argv[1:], root))


start()
