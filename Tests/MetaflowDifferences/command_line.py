"""Prints the options of each verb of Metaflow's command line as JSON: `{"run": ["--max-workers", …], …}`.

The empty verb has the options before the verb.
"""

import json
import sys

from metaflow import FlowSpec, step
from metaflow._vendor import click

# Verbs that only Metaflow's own runtime calls.
INTERNAL = ("init", "step", "spin-step", "spin-internal")


def verbs(command, context, name=""):
    yield name, sorted({option for each in command.params for option in [*each.opts, *each.secondary_opts] if option[:2] == "--"})
    for verb in command.list_commands(context) if isinstance(command, click.MultiCommand) else ():
        if verb not in INTERNAL:
            yield from verbs(command.get_command(context, verb), context, f"{name} {verb}".strip())


if __name__ == "__main__":
    from metaflow.cli import start
    json.dump(dict(verbs(start, click.Context(start))), sys.stdout)
