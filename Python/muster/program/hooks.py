"""Calls the functions of @exit_hook after a run, on the machine where it was started."""

import inspect
import sys

from ..flow.steps import of_flow


def call(flow, verdict, pathspec):
    """Calls all of them, the lowest decorator's first, as Metaflow does. An error is printed and stops none of the
    others.
    """
    for decorator in reversed(of_flow(flow)):
        if decorator.name == "exit_hook":
            for function in decorator.functions(verdict == "succeeded"):
                _call(function, pathspec)
    return 0


def _call(function, pathspec):
    name = function if isinstance(function, str) else getattr(function, "__name__", repr(function))
    try:
        function = _found(function) if isinstance(function, str) else function
        if _takes_run(function):
            from ..client import Run
            function(run=Run(pathspec, _namespace_check=False))
        else:
            function()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        from .. import tracebacks
        sys.stdout.flush()
        trace = tracebacks.text(error, tracebacks.users_frames(error))
        sys.stderr.write(f"the exit hook {name} has failed, which changes nothing about the run:\n{trace}")


def _found(name):
    """Returns the function of this name in the flow's file, or in the module in front of it."""
    module, _, last = name.rpartition(".")
    if module:
        from importlib import import_module
        return getattr(import_module(module), last)
    return getattr(sys.modules["__main__"], name)


def _takes_run(function):
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(each.name == "run" or each.kind is each.VAR_KEYWORD for each in parameters)
