"""Carries out the verb of the command line for a flow."""

import os
import sys

from ..launch import launch
from . import ending

# Verbs that a flow program carries out itself; all others are those of `python flow.py …`.
OWN_VERBS = ("describe", "step", "values", "hooks")


def act(flow, made):
    """Carries out the verb, and ends the process. Called by `MyFlow()`, behind which the module has nothing more to do.

    made: the object that the flow's module has made, on which a step runs; None if it has made none.
    """
    verb = launch.verb if launch.file else _verb_of_script()
    ending.end(_perform(flow, made, verb))


def _verb_of_script():
    """Returns the words of `python flow.py VERB …`, whose module runs as `__main__` already."""
    launch.file = os.path.abspath(sys.argv[0])
    if sys.argv[1:2] and sys.argv[1] in OWN_VERBS:
        launch.verb = sys.argv[1:]
        begin(launch.verb[0])
        return launch.verb
    return sys.argv[1:]


def begin(verb):
    """Prepares the standard streams for a verb, before the flow's module runs."""
    if verb in ("describe", "values"):
        from . import output
        output.reserve()
    if verb == "values":
        from . import values
        values.Input.take()


def _perform(flow, made, verb):
    """Returns the exit code."""
    if not verb or verb[0] not in OWN_VERBS:
        from ..commands import exec_muster
        exec_muster.perform(verb, flow)
    if verb[0] == "describe":
        from .describe import describe
        return describe(flow)
    if verb[0] == "values":
        from . import output, values
        with output.reserved() as file:
            return values.show(verb[1:], file)
    from .decorate import decorate
    decorate(flow)
    if verb[0] == "hooks":
        from . import hooks
        return hooks.call(flow, *verb[1:])
    if len(verb) != 4 or verb[2] != "--folder":
        sys.stderr.write("usage: step NAME --folder TASKFOLDER (muster's agent calls this; people want `run`)\n")
        return 64
    _begin_step()
    from ..task.run import run
    return run(flow, verb[1], verb[3], made)


def _begin_step():
    """Writes output line by line, so that the agent has it at once, and prints a traceback when a signal ends the step."""
    import faulthandler
    faulthandler.enable()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)
