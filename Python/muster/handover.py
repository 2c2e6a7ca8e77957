"""Hands every verb but the flow program's own over to the command `muster`, as Metaflow's command line spells it."""

import os
import sys

from .launch import launch

# Options before the verb that have one meaning here; any other value is refused.
ONLY = {"--metadata": "local", "--datastore": "local", "--event-logger": "nullSidecarLogger", "--monitor": "nullSidecarMonitor"}
# Options before the verb that change nothing here: the linter's, and suffixes of files that are packaged anyway.
WITHOUT_MEANING = {"--pylint": 0, "--no-pylint": 0, "--quiet": 0, "--not-quiet": 0, "--package-suffixes": 1}
# Those that the flow itself reads, with the words that follow each.
FLOWS_OWN = {"--config": 2, "--config-value": 2, "--environment": 1, "--branch": 1, "--production": 0}
KNOWN = sorted([*ONLY, *WITHOUT_MEANING, *FLOWS_OWN, "--with", "--datastore-root"])

VERBS = (
    "run", "resume", "show", "check", "list", "status", "logs", "dump", "cancel", "package", "tag", "card", "output-dot",
    "output-raw", "help", "version")
# Verbs that are about a run of the flow, whose pathspecs Metaflow writes without the flow's name.
ABOUT_RUNS = ("logs", "dump", "card")


class Refused(Exception):
    pass


def translate(words, flow_name, path):
    """The arguments of `muster` for those of `python flow.py`. Raises Refused for what has no counterpart."""
    front, store, words = _front(list(words))
    if not words:
        return ["--help"]
    verb = words.pop(0)
    if verb in ("--help", "-h", "help"):
        return ["--help"]
    if verb in ("--version", "version"):
        return ["--version"]
    if verb not in VERBS:
        from .names import hint
        raise Refused(f"there is no verb '{verb}'{hint(verb, VERBS)}; there are {', '.join(VERBS)}")
    if verb == "output-dot":
        verb, words = "show", ["--dot"] + words
    if verb == "output-raw":
        verb, words = "show", ["--json"] + words
    if verb == "logs" and words[:1] == ["show"]:
        words.pop(0)
    if verb == "logs" and words[:1] == ["scrub"]:
        raise Refused("logs cannot be scrubbed; remove the run's folder from the store instead")
    if verb in ABOUT_RUNS:
        words = [_pathspec(word, flow_name) for word in words]
    if verb == "logs":
        words = [word for word in words if word != "--both"]
    if verb == "card":
        # A step alone is the newest run's.
        words[1:2] = [word if "/" in word else f"{flow_name}/latest/{word}" for word in words[1:2]]
    if verb in ABOUT_RUNS:
        return [verb, *words, *store]
    takes_store = verb not in ("show", "check", "package")
    return [verb, "--program", path, *front, *words, *(store if takes_store else [])]


def _front(words):
    """Reads the options before the verb: those for the flow, those for the store, and the rest."""
    front, store = [], []
    while words and words[0].startswith("--") and words[0] not in ("--help", "--version"):
        option, equals, value = words.pop(0).partition("=")
        values = [value] if equals else []

        def take(count):
            while len(values) < count:
                if not words:
                    raise Refused(f"{option} needs a value after it")
                values.append(words.pop(0))
            return values

        if option in ONLY:
            if take(1)[0] != ONLY[option]:
                raise Refused(f"{option} {values[0]} is not supported; Muster knows {option} {ONLY[option]}")
        elif option in WITHOUT_MEANING:
            take(WITHOUT_MEANING[option])
        elif option in FLOWS_OWN:
            front += [f"--flow-option={word}" for word in [option, *take(FLOWS_OWN[option])]]
        elif option == "--with":
            front += ["--with", take(1)[0]]
        elif option == "--datastore-root":
            store += ["--store", take(1)[0]]
        else:
            from .names import hint
            raise Refused(f"{option} is not supported before the verb{hint(option, KNOWN)}; supported are {', '.join(KNOWN)}")
    return front, store, words


def _pathspec(word, flow_name):
    """`12/train/3` is `Flow/12/train/3`, and `train/3` of the newest run stays what it is."""
    head = word.split("/", 1)[0]
    return f"{flow_name}/{word}" if head.isdigit() or head == "latest" and "/" in word else word


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


def take_over(words):
    """Replaces this process by `muster`."""
    path = launch.file
    try:
        arguments = translate(words, _flow_name(), path)
        if arguments[0] in ("run", "resume"):
            # For the command that is shown after a failure.
            arguments[1:1] = [f"--called-as={word}" for word in _called_as()]
    except Refused as reason:
        sys.stderr.write(f"{os.path.basename(path)}: {reason}\n")
        sys.exit(2)
    program = command()
    if program is None:
        sys.stderr.write("the command 'muster' was not found beside this Python nor on the PATH; name it in MUSTER_COMMAND\n")
        sys.exit(1)
    environment = dict(os.environ)
    environment["MUSTER_PYTHON"] = sys.executable
    environment["MUSTER_PYTHON_FRONT_END"] = os.path.dirname(os.path.abspath(__file__))
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(program, [program, *arguments], environment)
    except OSError as error:
        sys.stderr.write(f"{program} could not be started: {error.strerror}\n")
        sys.exit(1)


def _called_as():
    """The words up to this program's own: `python flow.py`, as they were typed where Python remembers them."""
    typed = getattr(sys, "orig_argv", None)
    return typed[:len(typed) - len(sys.argv) + 1] if typed else [sys.executable, sys.argv[0]]


def _flow_name():
    from .program import is_flow
    flows = [value for value in vars(sys.modules["__main__"]).values() if is_flow(value)]
    return flows[-1].__name__ if flows else ""
