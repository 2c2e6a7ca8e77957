"""Carries out a verb of `python flow.py …`: with the client, or by an exec of the command `muster` in this process's
place.
"""

import os
import sys

from ..command_line.grammar import Refused
from ..command_line.line import Line
from ..muster_command import environment, required_command
from ..command_line.translation import arguments
from ..errors import MetaflowNamespaceMismatch, MetaflowNotFound, MusterException
from ..launch import launch


def perform(words, flow):
    """Carries out the verb. Never returns."""
    path = launch.file
    try:
        line = Line(words)
        if line.is_native:
            _exec(arguments(line, flow.__name__, path))
        # Loads the client, which an exec of `muster` does without.
        from .performing import perform_line
        code = perform_line(line, flow, path)
    except Refused as reason:
        code = _report(path, reason, 2)
    except (MetaflowNotFound, MetaflowNamespaceMismatch) as error:
        code = _report(path, error, 3)
    except MusterException as error:
        code = _report(path, error, 4)
    except BrokenPipeError:
        # The reader of standard output, such as `head`, has ended.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 0
    except OSError as error:
        code = _report(path, f"{error.filename or 'standard output'}: {error.strerror}", 2 if error.filename else 5)
    except Exception as error:
        if type(error).__module__ != "sqlite3":
            raise
        code = _report(path, f"the store's database cannot be read or written: {error}", 4)
    sys.exit(_flushed(path, code))


def _report(path, reason, code):
    sys.stderr.write(f"{os.path.basename(path)}: {reason}\n")
    return code


def _flushed(path, code):
    try:
        sys.stdout.flush()
        return code
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return code if isinstance(error, BrokenPipeError) else _report(path, f"standard output: {error.strerror}", code or 5)


def _exec(words):
    if words[0] in ("run", "resume"):
        # `muster` shows this call after a failure, as the way to go on.
        words[1:1] = [f"--called-as={word}" for word in _called_as()]
    found = required_command()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(found, [found, *words], environment())
    except OSError as error:
        raise Refused(f"{found} could not be started: {error.strerror}") from None


def _called_as():
    """Returns the words up to this program's arguments, `python flow.py`, as they were typed if Python knows them
    (3.10).
    """
    typed = getattr(sys, "orig_argv", None)
    return typed[:len(typed) - len(sys.argv) + 1] if typed else [sys.executable, sys.argv[0]]
