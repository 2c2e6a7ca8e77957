"""Configs of a run that is resumed: the new run has those of the run that it goes on from."""

import os
import sys

from .errors import ParameterError
from .launch import Launch, launch, take_front

# The run that is resumed, or nothing for the flow's newest; set only where a flow is described for `resume`.
VARIABLE = "MUSTER_RESUMES"


def is_due():
    return VARIABLE in os.environ and not launch.is_settled


def texts(flow_name):
    """The configs of that run by name; none where there is no such run, which is said where it is looked for."""
    if flow_name is None:
        return {}
    from .client.store import Store
    run = os.environ[VARIABLE].rpartition("/")[2]
    database = Store().database
    record = database.run(flow_name, run) if run else next(database.runs(flow_name), None)
    program = record and record.get("program") or []
    then = Launch()
    # The interpreter, the front end and the flow's file stand before the options.
    take_front(program[3:], then)
    return then.config_values


def check(values, files):
    """Refuses configs that were given."""
    for name in [*values, *files]:
        raise ParameterError(
            f"the config '{name}' is given, and a run that is resumed has the configs of the run that it goes on from; start a new "
            "run with it")


def settle(flow_name, known, environment, output):
    """Once the flow is known: where a base of its class has configs, which could not know whose they are, it is read anew.

    environment: that of this program before the flow's module ran. output: the descriptor of its standard output.
    """
    from .config import words
    then = {name: text for name, text in texts(flow_name).items() if name in known}
    if all(known[name].text == text for name, text in then.items()):
        return
    os.dup2(output, 1)
    again = [sys.executable, os.path.dirname(os.path.abspath(__file__)), launch.file, *launch.front(), *words(then), "describe"]
    os.execve(sys.executable, again, {name: value for name, value in environment.items() if name != VARIABLE})
