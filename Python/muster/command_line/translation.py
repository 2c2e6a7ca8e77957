"""Translates the arguments of `python flow.py …`, which are Metaflow's, into arguments of the command `muster`."""

import os

from .grammar import without_options
from .line import Line

# Verbs of `muster` that use no store.
STORELESS = ("show", "check", "package")
# Verbs whose pathspecs Metaflow writes without the flow's name.
ABOUT_RUNS = ("logs", "dump")
# Options of `muster` with another name than Metaflow's, by attribute.
SPELLINGS = {"tags": "--tag", "decospecs": "--with", "user_namespace": "--namespace"}


def translate(words, flow_name, path):
    """Returns the arguments of `muster` for those of `python flow.py`. Raises Refused for words without a counterpart."""
    return arguments(Line(words), flow_name, path)


def arguments(line, flow_name, path):
    """Returns the arguments of `muster` for a line that has been read."""
    if line.verb.becomes:
        # Refuses words that do not belong to the verb.
        line.given
        return native(line.front, line.verb.becomes, [], path)
    verb = line.verb.name.split()
    if verb[0] in ABOUT_RUNS:
        return [verb[0], *_pathspecs(line, flow_name), *_store(line.front)]
    words = line.words if "--help" in line.words else [*_from_variables(line), *line.meant]
    # `muster` takes an empty value only in a word of its own.
    words = [each for word in words for each in ([word[:-1], ""] if word[:2] == "--" and word.find("=") == len(word) - 1 else [word])]
    return native(line.front, verb, words, path)


def native(front, verb, words, path):
    """Returns the arguments of `muster` for one of its own verbs, about the flow at `path`.

    front: the options before the verb. verb: its words, such as `package list`, or `show` and an option.
    """
    return [*verb, "--program", path, *front.words, *words, *(_store(front) if verb[0] not in STORELESS else [])]


def _store(front):
    return ["--store", front.store] if front.store else []


def _pathspecs(line, flow_name):
    words = [word for word in line.words if word != "--both"]
    for place in without_options(words, [*line.verb.options, *line.verb.natives]):
        words[place] = words[place] if words[place].split("/")[0] == flow_name else f"{flow_name}/{words[place]}"
    return words


def _from_variables(line):
    """Returns options that variables such as METAFLOW_RUN_MAX_WORKERS give and the line does not."""
    words = []
    for option in line.verb.options:
        text = os.environ.get(line.verb.variables + option.attribute.upper())
        name = SPELLINGS.get(option.attribute, option.name)
        if text and not any(word.split("=")[0] == name for word in line.words):
            words += [f"{name}={each}" for each in (text.split() if option.many else [text])]
    if line.verb.name in ("run", "resume"):
        words += [f"--with={each}" for each in os.environ.get("METAFLOW_DEFAULT_DECOSPECS", "").split()]
    return words
