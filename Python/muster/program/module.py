"""Runs the flow's file as the module `__main__`."""

import os
import sys
import types

from ..flow.spec import is_flow
from ..launch import launch
from . import ending


def source_path(path):
    """Returns the flow's file in the folder that the step runs in: the original, or its copy in MUSTER_FLOW_FOLDER."""
    folder = os.environ.get("MUSTER_FLOW_FOLDER")
    real = os.path.realpath(path)
    if not folder or os.path.realpath(folder) == os.path.dirname(real):
        return path
    copy = os.path.join(folder, os.path.basename(real))
    return copy if os.path.exists(copy) else path


def compiled(path):
    """Returns the code of the flow's file. `describe` has it import large libraries lazily."""
    with open(path, "rb") as file:
        source = file.read()
    code = compile(source, path, "exec", dont_inherit=True)
    if launch.verb[:1] == ["describe"]:
        from ..source.lazy_imports import make_lazy
        make_lazy(source)
    return code


def main_module(path):
    """Returns a new `__main__`, with the names that an interpreter gives to a script's module."""
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__builtins__ = __builtins__
    sys.modules["__main__"] = module
    return module


def perform(module, code):
    """Runs the flow's module, and carries out the verb for its flow. Returns the exit code.

    `MyFlow()` in the module carries out the verb. Otherwise the module has to define exactly one flow.
    """
    path = launch.file
    try:
        exec(code, vars(module))
    except SystemExit as leaving:
        if leaving.code is None or isinstance(leaving.code, int):
            return leaving.code or 0
        sys.stderr.write(f"{leaving.code}\n")
        return 1
    except BaseException as error:
        return report(error)
    if ending.code is not None:
        # The module went on after MyFlow(): it has caught SystemExit.
        return ending.code
    flows = [value for value in vars(module).values() if is_flow(value) and value.__module__ == "__main__"]
    flows = [flow for flow in flows if not any(flow in other.__mro__[1:] for other in flows)]
    if len(flows) != 1:
        names = ", ".join(flow.__name__ for flow in flows)
        sys.stderr.write(
            f"{path}: " + (f"there are several flows, {names}; say at the end which one it is: " if flows else
                           "there is no class that inherits from FlowSpec; ")
            + "if __name__ == '__main__': MyFlow()\n")
        return 1
    try:
        launch.act(flows[0], None)
    except SystemExit as leaving:
        return leaving.code


def report(error):
    """Prints the reason why the flow's module cannot be run. Returns the exit code."""
    from .. import tracebacks
    from ..errors import MusterException
    if isinstance(error, MusterException):
        sys.stderr.write(f"{error}\n")
        return 1
    frames = tracebacks.users_frames(error)
    if isinstance(error, OSError) and error.filename == launch.file and not frames:
        sys.stderr.write(f"{launch.file}: {error.strerror}\n")
        return 1
    if isinstance(error, SyntaxError) and not frames:
        sys.stderr.write(f"{os.path.basename(error.filename or '')}:{error.lineno}: {error.msg}\n")
    sys.stderr.write(tracebacks.text(error, frames))
    return 1
