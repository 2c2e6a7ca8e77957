"""The options before the verb of `python flow.py …`.

They are read when the flow's first config is made: its module runs before `MyFlow()` looks at the verb.
"""

import os
import sys

from ..errors import MusterException
from .front import Front
from .grammar import Refused
from .launcher import take_front


def read_script(launch):
    """Reads the options of `sys.argv` into `launch` if the flow's file runs as a script. Does so once."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    if launch.file or launch.has_read_script or not main or os.path.abspath(main) != os.path.abspath(sys.argv[0]):
        return
    launch.has_read_script = True
    front = Front()
    try:
        front.read(sys.argv[1:])
    except Refused:
        # MyFlow() reads the words again and reports it.
        return
    option = "--flow-option="
    take_front([word[len(option):] for word in front.words if word.startswith(option)], launch)
    _report_errors_as_sentences()


def _report_errors_as_sentences():
    """Has an error of the front end that ends the script printed as one sentence, as the launcher prints it."""
    def report(kind, error, trace, before=sys.excepthook):
        if not issubclass(kind, MusterException):
            return before(kind, error, trace)
        sys.stderr.write(f"{error}\n")
    sys.excepthook = report
