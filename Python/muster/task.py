"""One step body: from a task folder with `task.json` to one with `result.json`."""

import json
import os
import sys
import time

from . import artifacts, items
from .agent import Agent
from .constants import fix
from .errors import ArtifactError, ProtocolError, TransitionError
from .location import at_caller, caller
from .steps import start_and_end, step_functions

# Bytes. File systems take 255.
LONGEST_NAME = 200


class Task:
    """A task and the flow object that its body runs on.

    made: that object, where the flow's module has made it. What its constructor has set wins over artifacts, and is kept.
    """

    def __init__(self, flow_class, step, folder, description, made=None):
        self.folder = folder
        self.step = step
        self.description = description
        self.flow_class = flow_class
        self.function = self._function()
        self.agent = Agent(self.description["socket"])
        self.code = _unwrapped(self.function).__code__
        self.is_join = self.code.co_argcount == 2
        inputs = [self._flow(each, None if self.is_join else made) for each in self.description.get("inputs", [])]
        self.inputs = inputs if self.is_join else None
        for each in inputs:
            each._state.beside = inputs
            each._state.reader = self if self.is_join else None
        self.flow = self._flow(None, made) if self.is_join or not inputs else inputs[0]
        self.flow._state.task = self
        self.constants = fix(flow_class)
        # A constructor of the flow's own can set them; what the class says stands.
        for name in self.constants:
            self.flow.__dict__.pop(name, None)
        self._first_input = inputs[0] if inputs else None
        # Constants that this task keeps, by name, as files of its folder.
        self._kept = {}
        # Names of artifacts of which was said that they cannot be kept.
        self._unkept = set()
        self.frames = self.description.get("foreach", [])
        self.is_gang = any(hasattr(each, "framework") for each in self.function.decorators)
        self.transition = None
        self.place = None
        self.current = None
        # That of @checkpoint.
        self.checkpoint = None
        # The body has failed: from here on nothing interrupts what is left to do.
        self.is_over = False
        self.process = os.getpid()
        self.began = time.time()
        # By their depth: the elements that were asked for.
        self._elements = {}

    def _function(self):
        function = getattr(self.flow_class, self.step, None)
        if not getattr(function, "is_step", False):
            names = ", ".join(step_functions(self.flow_class))
            raise ProtocolError(f"the flow {self.flow_class.__name__} has no step '{self.step}'; it has {names}")
        return function

    def _flow(self, given, made):
        from .state import State
        references, origin = (given["artifacts"], given["step"]) if given else ({}, None)
        state = State(references, self.agent, origin, self.description.get("parameters", {}))
        return self.flow_class._of(state) if made is None else made._around(state)

    # The place in the run

    @property
    def is_last(self):
        """True if the run ends with this step."""
        return start_and_end(step_functions(self.flow_class))[1] == self.step

    @property
    def node(self):
        return self.description["parallel"]["index"]

    @property
    def index(self):
        if self.is_gang:
            return self.node
        return self.frames[-1]["index"] if self.frames else None

    @property
    def input(self):
        if self.is_gang:
            return self.node
        return self._element(len(self.frames) - 1) if self.frames else None

    @property
    def foreach_stack(self):
        stack = [(frame["index"], frame["count"], self._element(depth)) for depth, frame in enumerate(self.frames)]
        if self.is_gang:
            stack.append((self.node, self.description["parallel"]["nodes"], self.node))
        return stack

    def _element(self, depth):
        if depth not in self._elements:
            self._elements[depth] = items.read(self.frames[depth], self.agent.locate)
        return self._elements[depth]

    # self.next

    def depart(self, steps, foreach, num_parallel, condition):
        if self.transition is not None:
            raise TransitionError(at_caller(
                f"step {self.step} calls self.next a second time; the first was at {self.place}"))
        # To look through the flow for its last step takes longer than all the rest here.
        if (self.function.is_end_step or self.step == "end") and self.is_last:
            raise TransitionError(at_caller(f"step {self.step} calls self.next, and nothing follows it: the run ends with it"))
        options = [name for name, value in
                   (("foreach", foreach), ("num_parallel", num_parallel), ("condition", condition)) if value is not None]
        if len(options) > 1:
            raise TransitionError(at_caller(f"self.next takes one of {', '.join(options)}, not several"))
        if condition is not None:
            steps = (self._chosen(steps, condition),)
        names = [self._step_name(each) for each in steps]
        if not names:
            raise TransitionError(at_caller("self.next names no step"))
        if options and len(names) > 1:
            raise TransitionError(at_caller(f"self.next with {options[0]} leads to one step, not to {len(names)}"))
        if foreach is not None:
            transition = {"foreach": {"to": names[0], "count": self._fan_out(foreach)}}
        elif num_parallel is not None:
            transition = {"nodes": {"to": names[0], "count": self._nodes(num_parallel)}}
        elif len(names) > 1:
            transition = {"branches": {"to": names}}
        else:
            transition = {"step": {"to": names[0]}}
        self.transition, self.place = transition, caller()

    def _step_name(self, target):
        function = getattr(target, "__func__", target)
        if not getattr(function, "is_step", False) or getattr(target, "__self__", None) is not self.flow:
            raise TransitionError(at_caller(f"self.next takes steps of this flow, written as self.name, not {target!r}"))
        return function.__name__

    def _chosen(self, steps, condition):
        if len(steps) != 1 or not isinstance(steps[0], dict):
            raise TransitionError(at_caller("with condition, self.next takes one dict: {value: self.step, …}"))
        value = self._named(condition, "condition")
        if value not in steps[0]:
            cases = ", ".join(repr(each) for each in steps[0])
            raise TransitionError(at_caller(
                f"self.{condition} is {value!r}, and self.next has no step for it; it has steps for {cases}"))
        return steps[0][value]

    def _named(self, name, option):
        if not isinstance(name, str):
            raise TransitionError(at_caller(f"{option} takes the name of an artifact as a text, not {name!r}"))
        try:
            return getattr(self.flow, name)
        except AttributeError as error:
            raise TransitionError(at_caller(f"{option}={name!r}: {error}")) from None

    def _fan_out(self, variable):
        value = self._named(variable, "foreach")
        try:
            elements = list(value)
        except TypeError:
            raise TransitionError(at_caller(
                f"foreach='{variable}': self.{variable} is {type(value).__name__} and has no elements")) from None
        if not elements:
            raise TransitionError(at_caller(
                f"foreach='{variable}': self.{variable} is empty; give it at least one element, or choose another step "
                "when there is none"))
        try:
            items.write(elements, self.folder)
        except items.Unpicklable as failure:
            which = f"self.{variable}" if failure.index is None else f"element {failure.index} of self.{variable}"
            raise ArtifactError(at_caller(
                f"{which} in step {self.step} cannot be pickled: {type(failure.error).__name__}: {failure.error}")) from None
        return len(elements)

    @staticmethod
    def _nodes(count):
        try:
            if isinstance(count, (bool, str)) or int(count) != count:
                raise ValueError
        except (TypeError, ValueError):
            raise TransitionError(at_caller(f"num_parallel has to be a whole number, not {count!r}")) from None
        if count < 1:
            raise TransitionError(at_caller(f"num_parallel is {count}; a gang has at least one node"))
        return int(count)

    # Before and after the body

    def run(self):
        """Runs the body and leaves the result; what the body raises comes out."""
        os.makedirs(os.path.join(self.folder, "artifacts"), exist_ok=True)
        self.perform()
        leave_result(self.folder, self.result())

    def perform(self):
        """Runs the body."""
        from .running import current
        self.current = current
        current._begin(self)
        self._keep_constants()
        for decorator in self.function.decorators:
            decorator.prepare(self)
        body, arguments = getattr(self.flow, self.step), ()
        if self.is_join:
            from .inputs import Inputs
            arguments = (Inputs(self.inputs),)
        for decorator in reversed(self.function.decorators):
            body = decorator.decorated(self, body)
        if self.function.wrappers:
            from .user_decorators import wrapping
            wrapping.run(self, body, arguments)
        else:
            body(*arguments)
        end_if_forked(self.process, self.step)
        if self.transition is None and not self.is_last:
            raise TransitionError(
                f"{os.path.basename(self.code.co_filename)}:{self.code.co_firstlineno}: step {self.step} ended without self.next; "
                "every step but the last says what comes next in its last line")
        for decorator in self.function.decorators:
            decorator.finish(self)

    @property
    def hides_failure(self):
        """True if the traceback of a body that fails now is not to be printed."""
        return any(decorator.hides_failure(self) for decorator in self.function.decorators)

    def failed(self, text):
        """The body has failed, and `text` is what people were told of it."""
        if self.current is not None:
            for decorator in self.function.decorators:
                decorator.failed(self, text)

    def _keep_constants(self):
        """Before the body, which could change what is in them. What the task before had is passed on."""
        references = self._first_input._state.references if self._first_input else {}
        for name, value in self.constants.items():
            if name in references:
                self.flow._state.references.setdefault(name, references[name])
            else:
                self._kept[name] = self._write(name, value, lambda: f"the constant {name} of the flow's class")

    def result(self):
        """What stands in `result.json`. The artifacts are written."""
        result = {
            "version": 1, "transition": self.transition or {"end": {}}, "artifacts": {}, "unchanged": {}}
        self._collect(result, self._write_artifact)
        return result

    def left(self):
        """Of a body that has failed: what it had set, as far as that can be kept, and what it was given."""
        result = {"artifacts": {}, "unchanged": {}}

        def write(name, value):
            if name in self._unkept:
                return None
            try:
                return self._write_artifact(name, value)
            except Exception as error:
                sys.stderr.write(f"{error} (it is not kept)\n")
                return None

        self._collect(result, write)
        return result

    def _collect(self, result, write):
        """write: writes one artifact and gives its path; None for one that is left out."""
        state = self.flow._state
        for name, path in self._kept.items():
            result["artifacts"][name] = {"path": path, "encoding": "pickle"}
        for name, value in self.flow.__dict__.items():
            if name == "_state":
                continue
            if state.is_unchanged(name, value):
                result["unchanged"][name] = state.references[name]
            else:
                path = write(name, value)
                if path is not None:
                    result["artifacts"][name] = {"path": path, "encoding": "pickle"}
        for name, reference in state.references.items():
            if name not in self.flow.__dict__:
                result["unchanged"][name] = reference

    def _write_artifact(self, name, value):
        return self._write(name, value, lambda: f"{self._place_of(name)}artifact self.{name} of step {self.step}")

    def _write(self, name, value, what):
        """what: tells for a message what it is; looking for that costs more than to write most artifacts."""
        path = self._path(name)
        try:
            artifacts.write(value, os.path.join(self.folder, path))
        except OSError:
            raise
        except Exception as error:
            self._unkept.add(name)
            raise ArtifactError(
                f"{what()} cannot be pickled: {type(error).__name__}: {error}; keep it in a local variable, or store what "
                "it is made from") from None
        return path

    def _path(self, name):
        """The file of an artifact. A name that is none for a file, or too long for one, stands in the result alone."""
        if name.isidentifier() and len(name.encode()) <= LONGEST_NAME:
            return f"artifacts/{name}"
        import hashlib
        return f"artifacts/@{hashlib.sha256(name.encode(errors='surrogatepass')).hexdigest()}"

    def _place_of(self, name):
        """Where the step sets the artifact, for a message."""
        from .graph import StepSource
        try:
            line = StepSource(self.function, []).place_of(name)
        except (OSError, SyntaxError, TypeError):
            line = None
        return f"{os.path.basename(self.code.co_filename)}:{line}: " if line else ""


def _unwrapped(function):
    """The method as it was written, below decorators of the flow's own that stand for it."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def leave_result(folder, result):
    """Writes `result.json`, which nobody reads before this program has left. What is there is written over."""
    with open(os.path.join(folder, "result.json"), "w", encoding="utf-8") as file:
        json.dump(result, file)


def leave_error(folder, code, message, left=None, raised=None):
    """Leaves why a body has failed.

    - left: Gives `artifacts` and `unchanged` of the body; None where there is none.
    - raised: The exception's `type`, `text` and `trace`; None where there is none.
    """
    error = {"code": code, "message": message, **({"exception": raised} if raised else {})}
    result = {"version": 1, "artifacts": {}, "unchanged": {}, "error": error}
    # First of all, whatever becomes of the artifacts.
    leave_result(folder, result)
    if left is None:
        return
    try:
        result.update(left())
        leave_result(folder, result)
    except Exception as error:
        sys.stderr.write(f"what the step had set is not kept: {type(error).__name__}: {error}\n")


def _read(folder):
    path = os.path.join(folder, "task.json")
    try:
        with open(path, encoding="utf-8") as file:
            task = json.load(file)
    except (OSError, ValueError) as error:
        raise ProtocolError(f"{path} is no task: {error}") from None
    if task.get("version") != 1:
        raise ProtocolError(
            f"{path} is of version {task.get('version')} of the step protocol, and this front end speaks 1; take both "
            "from one release of Muster")
    return task


def end_if_forked(process, step, error=None):
    """A process that the body forked, and that has come out of the body, is not the step: it ends here.

    error: with which it came out.
    """
    if os.getpid() == process:
        return
    from . import failures
    sys.stdout.flush()
    if error is None:
        reason, code = "came to the end of its body", 0
    elif isinstance(error, SystemExit):
        reason, code = "called sys.exit", error.code if isinstance(error.code, int) else int(error.code is not None)
    else:
        reason, code = "has failed", 1
        sys.stderr.write(failures.text(error, failures.users_frames(error)))
    sys.stderr.write(f"muster: a process that step {step} forked {reason}; it ends here\n")
    sys.stderr.flush()
    os._exit(code)


def _is_over(task):
    if task is not None:
        task.is_over = True


def run(flow_class, step, folder, made=None):
    """Runs a step body as this process's work. Returns the process's exit code; a failure is told and written down.

    made: the flow object that the flow's module has made.
    """
    from . import failures
    process, task = os.getpid(), None
    try:
        task = Task(flow_class, step, folder, _read(folder), made)
        task.run()
        return 0
    except SystemExit as leaving:
        _is_over(task)
        end_if_forked(process, step, leaving)
        code, text = failures.told_exit(leaving, step, folder, task and task.left)
    except BaseException as error:
        _is_over(task)
        end_if_forked(process, step, error)
        code, text = failures.tell(error, folder, task and task.left, task is not None and task.hides_failure)
    if task is not None:
        task.failed(text)
    return code
