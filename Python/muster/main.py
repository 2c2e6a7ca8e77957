"""The program that `muster` and its agents start: `__main__.py FLOW.py [options] VERB …`."""

import os
import sys

from .command_line.launcher import take_front
from .launch import launch
from .location import PACKAGE
from .program import act, module, paths

# Verbs that run the flow in the folder that its steps run in.
PACKAGED = ("step", "serve", "values")


def main(arguments, root):
    """Returns the exit code. root: the folder that holds this package."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write("usage: muster FLOW.py VERB … (the engine calls this; people want `muster run FLOW.py`)\n")
        return 64
    path = os.path.abspath(arguments[0])
    try:
        launch.verb = take_front(arguments[1:], launch)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 64
    verb = launch.verb[0] if launch.verb else None
    if verb in PACKAGED:
        path = module.source_path(path)
    launch.file = path
    paths.settle(root, path, verb)
    if verb == "describe":
        from .program.describe import note_environment
        note_environment()
    # The same for a served step and one that is started.
    sys.argv = [path]
    act.begin(verb)
    if verb == "serve":
        from .serving import serve
        again = [os.path.join(PACKAGE, "__main__.py"), *arguments[:len(arguments) - len(launch.verb)]]
        return serve.run(path, launch.verb[1:], again)
    try:
        code = module.compiled(path)
    except BaseException as error:
        return module.report(error)
    return module.perform(module.main_module(path), code)
