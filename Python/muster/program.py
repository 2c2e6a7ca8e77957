"""What a flow program does with its arguments: `describe`, `step` and `serve`; every other verb is `muster`'s."""

import os
import sys
import types

from .launch import launch, take_front

OWN_VERBS = ("describe", "step", "serve", "values", "hooks")
# Those that run the flow where a step is to find it, and those whose standard output is read by a program.
PACKAGED = ("step", "serve", "values")
PRINTING = ("describe", "values")

_PROGRAM = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")

# The prefix of variables that give parameters their values, and the ones that were set before the flow's module ran.
PARAMETERS = "METAFLOW_RUN_"
_inherited = {}
# All of the environment, as it was then.
_environment = {}

# The descriptor of standard output, where what the flow prints does not go there.
_output = 1
# Says, in a child of `serve`, that nothing but the end is to come.
early_exit_notice = None


def main(arguments):
    """The launcher: `FLOW.py [options] VERB …`. Returns the exit code."""
    if not arguments or arguments[0].startswith("-"):
        sys.stderr.write("usage: muster FLOW.py VERB … (the engine calls this; people want `muster run FLOW.py`)\n")
        return 64
    path = os.path.abspath(arguments[0])
    try:
        verb = take_front(arguments[1:], launch)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 64
    if verb and verb[0] in PACKAGED:
        path = packaged(path)
    launch.file, launch.verb = path, verb
    _inherited.update(_variables())
    if verb and verb[0] == "describe":
        _environment.update(os.environ)
    # A served step and one that is started see the same.
    sys.argv = [path]
    if verb and verb[0] in PRINTING:
        keep_output_clean()
    if verb and verb[0] == "values":
        from . import values
        values.Input.take()
    if verb and verb[0] == "serve":
        from . import serve
        return serve.run(path, verb[1:], [_PROGRAM, *arguments[:len(arguments) - len(verb)]])
    try:
        code = compiled(path)
    except BaseException as error:
        return told(error)
    return perform(main_module(path), code)


def perform(module, code):
    """Runs the flow's module and does what the verb says with its flow. Returns the exit code."""
    path = launch.file
    try:
        exec(code, vars(module))
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else _said(leaving.code)
    except BaseException as error:
        return told(error)
    flows = [value for value in vars(module).values() if is_flow(value) and value.__module__ == "__main__"]
    flows = [flow for flow in flows if not any(flow in other.__mro__[1:] for other in flows)]
    if len(flows) != 1:
        names = ", ".join(flow.__name__ for flow in flows)
        sys.stderr.write(
            f"{path}: " + (f"there are several flows, {names}; say at the end which one it is: " if flows else
                           "there is no class that inherits from FlowSpec; ")
            + "if __name__ == '__main__': MyFlow()\n")
        return 1
    return act(flows[0], None, leaves=False)


def _said(text):
    sys.stderr.write(f"{text}\n")
    return 1


def packaged(path):
    """The flow's file where it is to be run: as it lies there, or in a copy of its folder."""
    folder = os.environ.get("MUSTER_FLOW_FOLDER")
    real = os.path.realpath(path)
    if not folder or os.path.realpath(folder) == os.path.dirname(real):
        return path
    copy = os.path.join(folder, os.path.basename(real))
    return copy if os.path.exists(copy) else path


def is_flow(value):
    from .flow import FlowSpec
    # The type is asked, not the value: an object may say of itself that it is a class.
    return issubclass(type(value), type) and issubclass(value, FlowSpec) and value is not FlowSpec


def compiled(path):
    """The code of the flow's module."""
    with open(path, "rb") as file:
        source = file.read()
    if not (launch.verb and launch.verb[0] == "describe"):
        return compile(source, path, "exec", dont_inherit=True)
    from .lazy_imports import make_lazy
    code = compile(source, path, "exec", dont_inherit=True)
    make_lazy(source)
    return code


def main_module(path):
    """A new `__main__`, as an interpreter that was given the file would make it."""
    module = types.ModuleType("__main__")
    module.__file__ = path
    module.__builtins__ = __builtins__
    sys.modules["__main__"] = module
    return module


def keep_output_clean():
    """What the flow prints while it is read goes to standard error: the manifest has standard output for itself."""
    global _output
    sys.stdout.flush()
    _output = os.dup(1)
    os.dup2(2, 1)


def own_output():
    """Standard output as it was before the flow's module ran."""
    sys.stdout.flush()
    return open(_output, "w", encoding="utf-8")


def told(error):
    """Why the flow's module could not be run."""
    from . import failures
    from .errors import MusterException
    if isinstance(error, MusterException):
        sys.stderr.write(f"{error}\n")
        return 1
    if isinstance(error, OSError) and error.filename == launch.file and not failures.users_frames(error):
        sys.stderr.write(f"{launch.file}: {error.strerror}\n")
        return 1
    if isinstance(error, SyntaxError) and not failures.users_frames(error):
        sys.stderr.write(f"{os.path.basename(error.filename or '')}:{error.lineno}: {error.msg}\n")
    sys.stderr.write(failures.text(error, failures.users_frames(error)))
    return 1


def act(flow, made, leaves=True):
    """Does what the verb says with a flow. Never returns when `leaves`: the flow's module has nothing more to do.

    - made: The object that the flow's module has made; a step runs on it. None where it makes none.
    """
    verb = launch.verb if launch.file else _verb_of_script(flow)
    code = _act(flow, made, verb)
    if not leaves:
        return code
    if verb and verb[0] == "step":
        leave(code)
    sys.exit(code)


def _verb_of_script(flow):
    """`python flow.py VERB …`: the flow's module is `__main__` already."""
    launch.file = os.path.abspath(sys.argv[0])
    if len(sys.argv) > 1 and sys.argv[1] in OWN_VERBS:
        launch.verb = sys.argv[1:]
        if sys.argv[1] in PRINTING:
            keep_output_clean()
        if sys.argv[1] == "values":
            from . import values
            values.Input.take()
        return launch.verb
    from . import exec_muster
    exec_muster.perform(sys.argv[1:], flow)


def _act(flow, made, verb):
    if not verb or verb[0] not in OWN_VERBS:
        from . import exec_muster
        exec_muster.perform(verb, flow)
    if verb[0] == "describe":
        return describe(flow)
    if verb[0] == "values":
        from . import values
        with own_output() as output:
            return values.show(verb[1:], output)
    decorate(flow)
    if verb[0] == "hooks":
        from . import hooks
        return hooks.call(flow, *verb[1:])
    if len(verb) != 4 or verb[2] != "--folder":
        sys.stderr.write("usage: step NAME --folder TASKFOLDER (muster's agent calls this; people want `run`)\n")
        return 64
    begin_step()
    from . import task
    return task.run(flow, verb[1], verb[3], made)


def decorate(flow):
    """Puts the decorators of `--with` on every step, and lets those that users have made do their work before and after it."""
    # Where nobody has loaded them there are none.
    if "muster.user_decorators" in sys.modules:
        from .user_decorators import phases
        phases.before_attaching(flow)
    if launch.attached:
        from .decorators import attach_texts
        from .steps import step_functions
        attach_texts(step_functions(flow).values(), launch.attached)
    if "muster.user_decorators" in sys.modules:
        from .user_decorators import phases
        phases.after_attaching(flow)
    # Those of other packages.
    if "muster.decorators.foreign" in sys.modules:
        from .decorators import foreign
        from .steps import step_functions
        foreign.begin(flow, step_functions(flow))


def _take_up(flow):
    """Configs of a run that is resumed: the flow has the values of that run."""
    from .config import Config
    if not Config.known:
        return
    from . import resumed
    if resumed.is_due():
        resumed.settle(flow.__name__, Config.known, _environment, _output)


def describe(flow):
    import json
    from . import manifest
    from .errors import MusterException
    try:
        _take_up(flow)
        decorate(flow)
        described = manifest.manifest(flow, serves=hasattr(os, "fork") and sys.platform == "linux")
        made = {name: value for name, value in _variables().items() if _inherited.get(name) != value}
        if made:
            described["variables"] = made
        text = json.dumps(described, indent=2)
    except MusterException as error:
        sys.stderr.write(f"{error}\n")
        return 1
    with own_output() as output:
        output.write(text + "\n")
    return 0


def _variables():
    return {name: value for name, value in os.environ.items() if name.startswith(PARAMETERS)}


def begin_step():
    """Lets every line of output leave when it is complete, and a crash say where it happened."""
    import faulthandler
    faulthandler.enable()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)


def leave(code):
    """Ends this process as an interpreter does, but for taking every module apart first."""
    import atexit
    import threading
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                pass
        try:
            if early_exit_notice is not None:
                early_exit_notice.send(code)
        finally:
            os._exit(code)
