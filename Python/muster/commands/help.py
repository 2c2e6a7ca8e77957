"""The help of `python flow.py` and of each of its verbs."""

import inspect
import os
import textwrap

from ..command_line.verbs import VERBS

WIDTH = 100
FRONT = (
    ("--with DECORATOR", "Put a decorator on every step: retry, or retry:times=2. Stands after run and resume, too."),
    ("--environment NAME", "pypi or conda: steps with @pypi or @conda have a Python made for them, which is the default; local: they have not."),
    ("--config NAME FILE", "The file of a config; --config-value NAME TEXT gives the text itself."),
    ("--branch NAME / --production", "The branch of @project."),
    ("--datastore-root FOLDER", "The store. (default: $MUSTER_STORE, or .muster in this folder)"),
    ("--quiet", "dump, logs, tag and card print nothing but what was asked for."),
    ("--metadata, --datastore, --event-logger, --monitor NAME", "Accepted with the values that they have on this machine."),
    ("--package-suffixes LIST, --pylint, --not-quiet, --force-rebuild-environments", "Accepted, and change nothing."),
)


def main(flow, path):
    """Returns the page for all verbs."""
    name = os.path.basename(path)
    parts = [f"Usage: python {name} [OPTION …] VERB …", *_documentation(flow)]
    parts.append("\nVerbs:\n" + _table([(_call(verb), verb.help) for verb in VERBS]))
    parts.append("\nOptions before the verb:\n" + _table(FRONT))
    parts.append(
        f"\n`python {name} VERB --help` tells more, `run --help` with the flow's parameters.\n"
        "PATH is RUN/STEP or RUN/STEP/TASK, of a card also STEP; RUN is a run's id, or latest.\n"
        "`muster --help` shows the command that does the same for any flow.")
    return "\n".join(parts) + "\n"


def of(verb, path):
    """Returns the page for one verb that is implemented here."""
    parts = [f"Usage: python {os.path.basename(path)} {_call(verb)}{' [OPTION …]' if verb.options else ''}", f"\n{verb.help}"]
    if verb.path:
        parts.append(f"PATH is {verb.path}; a run may be called latest.")
    shown = [option for option in verb.options if not option.hidden]
    if shown:
        parts.append("\nOptions:\n" + _table([(option.spelling, option.help) for option in shown]))
    if verb.natives:
        parts.append(f"\nWith {' or '.join(option.name for option in verb.natives)} it is the verb of `muster`: `muster {verb.name.split()[0]} --help`.")
    return "\n".join(parts) + "\n"


def of_group(name, path):
    """Returns the page for a verb that has verbs of its own."""
    rows = [(_call(verb), verb.help) for verb in VERBS if verb.name.split()[0] == name]
    note = "\nBefore the verb, --timeout SECONDS is accepted, and changes nothing.\n" if name == "package" else ""
    return f"Usage: python {os.path.basename(path)} {name} VERB …\n\nVerbs:\n{_table(rows)}\n{note}"


def _documentation(flow):
    text = inspect.cleandoc(flow.__doc__) if flow.__doc__ else ""
    return [f"\n{flow.__name__}: {text}" if text else f"\nThe flow {flow.__name__}."]


def _call(verb):
    return f"{verb.name} {verb.arguments}".strip()


def _table(rows):
    column = min(max(len(left) for left, _ in rows), 34) + 2
    lines = []
    for left, right in rows:
        wrapped = textwrap.wrap(right, WIDTH - column - 2) or [""]
        if len(left) > column - 2:
            lines.append(f"  {left}")
            left = ""
        lines += [f"  {text:{column}}{line}".rstrip() for text, line in zip([left, *[""] * len(wrapped)], wrapped)]
    return "\n".join(lines)
