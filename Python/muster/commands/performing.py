"""Carries out the verbs that are implemented in Python, each by a function of this folder."""

import os
import sys
from importlib import import_module

from .. import __version__
from . import help
from .screen import Screen


def perform_line(line, flow, path):
    """Carries out the verb of a line. Returns the exit code."""
    if line.asks_help:
        return _print(help.of_group(line.group, path) if line.group else help.main(flow, path))
    if "--help" in line.words:
        return _print(help.of(line.verb, path))
    if line.name == "version":
        return _print(f"{__version__}\n")
    given = line.given
    if line.front.store:
        store = line.front.store
        os.environ["MUSTER_STORE"] = store if store.startswith("s3://") else os.path.abspath(store)
    module, function = line.verb.does.split(".")
    return getattr(import_module(f"muster.commands.{module}"), function)(
        given, Screen(flow.__name__, path, line.front)) or 0


def _print(text):
    sys.stdout.write(text)
    return 0
