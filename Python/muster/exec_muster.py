"""Hands the verbs that are not done here over to the command `muster`, as Metaflow's command line spells them."""

import os
import sys

from .commands.grammar import Refused, without_options
from .errors import MetaflowNamespaceMismatch, MetaflowNotFound, MusterException
from .launch import launch

# Verbs of `muster` that are about no store.
STORELESS = ("show", "check", "package")
# Verbs whose pathspecs Metaflow writes without the flow's name.
ABOUT_RUNS = ("logs", "dump")


def translate(words, flow_name, path):
    """The arguments of `muster` for those of `python flow.py`. Raises Refused for what has no counterpart."""
    from .commands.line import Line
    return arguments(Line(words), flow_name, path)


def arguments(line, flow_name, path):
    """The arguments of `muster` for a line that has been read."""
    if line.verb.becomes:
        # Refuses what does not belong there.
        line.given
        return native(line.front, line.verb.becomes, [], path)
    verb = line.verb.name.split()
    if verb[0] in ABOUT_RUNS:
        return [verb[0], *_pathspecs(line, flow_name), *_store(line.front)]
    words = line.words if "--help" in line.words else [*_from_variables(line), *line.meant]
    # `muster` takes an empty value in a word of its own.
    words = [each for word in words for each in ([word[:-1], ""] if word[:2] == "--" and word.find("=") == len(word) - 1 else [word])]
    return native(line.front, verb, words, path)


def native(front, verb, words, path):
    """The arguments of `muster` for one of its own verbs, about the flow at `path`.

    front: What stood before the verb. verb: its words, such as `package list`, or `show` and an option.
    """
    return [*verb, "--program", path, *front.words, *words, *(_store(front) if verb[0] not in STORELESS else [])]


def _store(front):
    return ["--store", front.store] if front.store else []


def _pathspecs(line, flow_name):
    words = [word for word in line.words if word != "--both"]
    for place in without_options(words, [*line.verb.options, *line.verb.natives]):
        words[place] = words[place] if words[place].split("/")[0] == flow_name else f"{flow_name}/{words[place]}"
    return words


# Options of `muster` where Metaflow calls what they give otherwise.
SPELLINGS = {"tags": "--tag", "decospecs": "--with", "user_namespace": "--namespace"}


def _from_variables(line):
    """Options that variables such as METAFLOW_RUN_MAX_WORKERS give and the line does not."""
    words = []
    for option in line.verb.options:
        text = os.environ.get(line.verb.variables + option.attribute.upper())
        name = SPELLINGS.get(option.attribute, option.name)
        if text and not any(word.split("=")[0] == name for word in line.words):
            words += [f"{name}={each}" for each in (text.split() if option.many else [text])]
    if line.verb.name in ("run", "resume"):
        words += [f"--with={each}" for each in os.environ.get("METAFLOW_DEFAULT_DECOSPECS", "").split()]
    return words


def command():
    """The path of `muster`: named in MUSTER_COMMAND, beside this Python, built around this package, or on the PATH."""
    import shutil
    named = os.environ.get("MUSTER_COMMAND")
    if named:
        return named
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    candidates = [
        os.path.join(os.path.dirname(sys.executable), "muster"),
        os.path.join(root, ".build", "release", "muster"), os.path.join(root, ".build", "debug", "muster"),
    ]
    return next((each for each in candidates if os.access(each, os.X_OK)), None) or shutil.which("muster")


def program():
    """The same, where there has to be one."""
    found = command()
    if found is None:
        raise MusterException("the command 'muster' was not found beside this Python nor on the PATH; name it in MUSTER_COMMAND")
    return found


def environment(variables=None):
    """The variables for `muster`, so that it runs flows in Python on this one."""
    return {
        **(variables or os.environ), "MUSTER_PYTHON": sys.executable,
        "MUSTER_PYTHON_FRONT_END": os.path.dirname(os.path.abspath(__file__))}


def perform(words, flow):
    """Does what the words say, or replaces this process by `muster`, which does. Never returns."""
    from .commands.line import Line
    path = launch.file
    try:
        line = Line(words)
        if line.is_native:
            _become(arguments(line, flow.__name__, path))
        code = line.perform(flow, path)
    except Refused as reason:
        code = _told(path, reason, 2)
    except (MetaflowNotFound, MetaflowNamespaceMismatch) as error:
        code = _told(path, error, 3)
    except MusterException as error:
        code = _told(path, error, 4)
    except BrokenPipeError:
        # Nobody reads it any more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    except OSError as error:
        code = _told(path, f"{error.filename or 'standard output'}: {error.strerror}", 2 if error.filename else 5)
    except Exception as error:
        if type(error).__module__ != "sqlite3":
            raise
        code = _told(path, f"the store's database cannot be read or written: {error}", 4)
    sys.exit(_flushed(path, code))


def _told(path, reason, code):
    sys.stderr.write(f"{os.path.basename(path)}: {reason}\n")
    return code


def _flushed(path, code):
    try:
        sys.stdout.flush()
        return code
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return code if isinstance(error, BrokenPipeError) else _told(path, f"standard output: {error.strerror}", code or 5)


def _become(words):
    if words[0] in ("run", "resume"):
        # For the command that is shown after a failure.
        words[1:1] = [f"--called-as={word}" for word in _called_as()]
    found = program()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(found, [found, *words], environment())
    except OSError as error:
        raise Refused(f"{found} could not be started: {error.strerror}") from None


def _called_as():
    """The words up to this program's own: `python flow.py`, as they were typed where Python remembers them."""
    typed = getattr(sys, "orig_argv", None)
    return typed[:len(typed) - len(sys.argv) + 1] if typed else [sys.executable, sys.argv[0]]

