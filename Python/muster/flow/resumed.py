"""Configs of a run that is resumed: the new run takes over the values of the run that it continues."""

import os

from ..errors import ParameterError
from ..launch import Launch, launch

# The id of the run that is resumed, or an empty text for the flow's newest. `muster resume` sets it for `describe`
# alone.
VARIABLE = "MUSTER_RESUMES"


def is_due():
    return VARIABLE in os.environ and not launch.is_settled


def texts(flow_name):
    """Returns the configs of that run by name. Returns none if there is no such run, which `muster` reports itself."""
    if flow_name is None:
        return {}
    from ..client.store import Store
    from ..command_line.launcher import take_front
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
            f"the config '{name}' is given, and a run that is resumed has the configs of the run that it continues; start a "
            "new run with it")
