"""The verb `describe`: prints the flow's manifest as JSON."""

import json
import os
import sys

from ..errors import MusterException
from ..flow import manifest
from ..flow.configs import Config
from ..flow.resumed import VARIABLE, is_due, texts
from ..launch import launch
from ..location import PACKAGE
from . import output
from .decorate import decorate

# Variables of this prefix give parameters their values.
PARAMETERS = "METAFLOW_RUN_"
# This process's variables before the flow's module ran.
_environment = {}


def note_environment():
    """Notes the variables, before the flow's module can change them."""
    _environment.update(os.environ)


def describe(flow):
    """Prints the manifest. Returns the exit code."""
    try:
        _take_over_configs(flow)
        decorate(flow)
        described = manifest.manifest(flow, serves=hasattr(os, "fork") and sys.platform == "linux")
        made = {
            name: value for name, value in os.environ.items()
            if name.startswith(PARAMETERS) and _environment.get(name) != value}
        if made:
            described["variables"] = made
        text = json.dumps(described, indent=2)
    except MusterException as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with output.reserved() as file:
        file.write(text + "\n")
    return 0


def _take_over_configs(flow):
    """Gives the flow the configs of the run that is resumed.

    Configs of the class itself have them already. A config of a base class was made before the flow's name was known,
    so the program is started again by exec, with all configs on the command line.
    """
    if not Config.known or not is_due():
        return
    found = {name: text for name, text in texts(flow.__name__).items() if name in Config.known}
    if all(Config.known[name].text == text for name, text in found.items()):
        return
    from ..flow.config_options import words
    output.give_back()
    again = [sys.executable, PACKAGE.rstrip(os.sep), launch.file, *launch.front(), *words(found), "describe"]
    os.execve(sys.executable, again, {name: value for name, value in _environment.items() if name != VARIABLE})
