"""A task: a step's function, the flow object that it runs on, and its place in the run."""

import os
import time

from .. import items
from ..agent import Agent
from ..errors import ProtocolError, TransitionError
from ..flow.constants import fix
from ..flow.steps import start_and_end, step_functions
from ..location import at_caller, caller
from ..running import running
from .outcome import Outcome
from .state import State
from .transition import transition


class Task:
    """A task and the flow object that its body runs on.

    description: the content of `task.json`. made: the object that the flow's module has made, if it has. Attributes
    that its constructor has set win over the artifacts of the inputs, and are stored.
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
        # The flow's constructor may have set a constant on the object; the class's value counts.
        for name in self.constants:
            self.flow.__dict__.pop(name, None)
        self.first_input = inputs[0] if inputs else None
        self.outcome = Outcome(self)
        self.frames = self.description.get("foreach", [])
        self.is_gang = any(hasattr(each, "framework") for each in self.function.decorators)
        # The transition, and the line of the call of self.next.
        self.transition = self.place = None
        # `current`, from the beginning of the body on, and its cards and checkpoints.
        self.current = self.cards = self.checkpoint = None
        # Set when the body has failed. @timeout interrupts nothing from then on.
        self.is_over = False
        self.process = os.getpid()
        self.began = time.time()
        # Elements of the foreach frames that were read, by depth.
        self._elements = {}

    def _function(self):
        function = getattr(self.flow_class, self.step, None)
        if not getattr(function, "is_step", False):
            names = ", ".join(step_functions(self.flow_class))
            raise ProtocolError(f"the flow {self.flow_class.__name__} has no step '{self.step}'; it has {names}")
        return function

    def _flow(self, given, made):
        references, origin = (given["artifacts"], given["step"]) if given else ({}, None)
        state = State(references, self.agent, origin, self.description.get("parameters", {}))
        return self.flow_class._of(state) if made is None else made._around(state)

    # Place in the run

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

    # Body

    def depart(self, steps, foreach, num_parallel, condition):
        """Carries out `self.next`."""
        if self.transition is not None:
            raise TransitionError(at_caller(
                f"step {self.step} calls self.next a second time; the first was at {self.place}"))
        if self.is_last:
            raise TransitionError(at_caller(f"step {self.step} calls self.next, and nothing follows it: the run ends with it"))
        self.transition, self.place = transition(self, steps, foreach, num_parallel, condition), caller()

    def perform(self):
        """Runs the body and what its decorators do before and after it. Raises what the body raises."""
        from .current import current
        self.current = current
        running.begin(self)
        self.outcome.write_constants()
        for decorator in self.function.decorators:
            decorator.prepare(self)
        body, arguments = getattr(self.flow, self.step), ()
        if self.is_join:
            from .inputs import Inputs
            arguments = (Inputs(self.inputs),)
        for decorator in reversed(self.function.decorators):
            body = decorator.decorated(self, body)
        if self.function.wrappers:
            from ..user_decorators import wrapping
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

    def result(self):
        """Writes the artifacts. Returns the content of `result.json`."""
        return {"version": 1, "transition": self.transition or {"end": {}}, **self.outcome.of_success()}

    @property
    def hides_failure(self):
        """True if the traceback of a body that fails now is not to be printed."""
        return any(decorator.hides_failure(self) for decorator in self.function.decorators)

    def failed(self, text):
        """Tells the decorators that the body has failed, once `text` was printed for people."""
        if self.current is not None:
            for decorator in self.function.decorators:
                decorator.failed(self, text)


def _unwrapped(function):
    """Returns the method as it is written, below decorators made with functools.wraps."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def end_if_forked(process, step, error=None):
    """Ends this process if the body has forked it: only the process that began the body may leave a result.

    process: the id of that process. error: the exception that came out of the body, if one did.
    """
    if os.getpid() == process:
        return
    import sys
    from .. import tracebacks
    sys.stdout.flush()
    if error is None:
        reason, code = "came to the end of its body", 0
    elif isinstance(error, SystemExit):
        reason, code = "called sys.exit", error.code if isinstance(error.code, int) else int(error.code is not None)
    else:
        reason, code = "has failed", 1
        sys.stderr.write(tracebacks.text(error, tracebacks.users_frames(error)))
    sys.stderr.write(f"muster: a process that step {step} forked {reason}; it ends here\n")
    sys.stderr.flush()
    os._exit(code)
