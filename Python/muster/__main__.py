"""`python …/muster FLOW.py VERB …`: runs a flow with the front end that stands in this folder."""

import os
import sys


def start():
    package = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(package)
    # An interpreter that runs a folder has that folder first in its path; the flow's own belongs there.
    sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != package]
    sys.path.insert(0, root)
    import muster.paths
    import muster.program
    muster.paths.settle(root, sys.argv[1:])
    # To take every module apart would add an eighth to the time that `describe` takes.
    muster.program.leave(muster.program.main(sys.argv[1:]))


start()
