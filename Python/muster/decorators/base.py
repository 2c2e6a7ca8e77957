"""The base of all decorators: options, the positions in the source where they are allowed, and the tables of their
names.
"""

import math

from ..errors import DecoratorError
from ..flow.steps import of_flow
from ..location import at_caller, caller
from ..names import hint

# Decorators of steps, which `--with` can attach, and of flows, by name.
STEP_DECORATORS = {}
FLOW_DECORATORS = {}


class Decorator:
    """One use of a decorator. A subclass defines `name` and `defaults`, which are Metaflow's, and overrides hooks."""

    name = ""
    defaults = {}
    # True if a step may have several.
    is_repeatable = False
    # True for a decorator in the source. Otherwise `inserted_by` has the mutators that have added it, the last one
    # first.
    statically_defined = True
    inserted_by = None

    def __init__(self, given):
        self.place = caller()
        # The options in the source. Config expressions are evaluated when all configs are known.
        self.written = given
        self._check_options(option for option in given if type(option) is str)

    def _check_options(self, options):
        for option in options:
            if option not in self.defaults:
                known = ", ".join(self.defaults) or "none"
                place = f"{self.place}: " if self.place else ""
                raise DecoratorError(
                    f"{place}@{self.name} has no option '{option}'{hint(option, self.defaults)}; its options are {known}")

    @property
    def given(self):
        """The options in the source, with config expressions evaluated."""
        if self.written:
            from ..flow.expressions import resolve
            found = resolve(self.written)
            # The names of options in `**config_expr(…)` are known only now.
            self._check_options(option for option in found if option not in self.written)
            return found
        return self.written

    @property
    def options(self):
        """All options, with config expressions evaluated."""
        return {**self.defaults, **self.given}

    @classmethod
    def added(cls, given, statically_defined, inserted_by):
        """Returns a decorator for a mutator. Options with their default values count as not given: the mutator may have
        copied them.
        """
        decorator = cls({name: value for name, value in given.items() if name not in cls.defaults or value != cls.defaults[name]})
        decorator.statically_defined, decorator.inserted_by = statically_defined, inserted_by
        return decorator

    @property
    def attributes(self):
        """The options as a dict. Setting an entry sets the option."""
        return _Attributes(self)

    def get_args_kwargs(self):
        """Returns the arguments in the form of user-made decorators: positional ones, of which there are none, and
        named ones.
        """
        return [], dict(self.attributes)

    def manifest(self):
        """Returns the decorator's name and options for people."""
        options = self.options
        return {"name": self.name, "options": {name: plain(options[name]) for name in self.defaults}}

    def apply(self, settings):
        """Adds the decorator's requests to the step's settings in the manifest."""

    def notes(self):
        """Returns sentences about options that have no effect on this machine."""
        return []

    def tags(self):
        """Returns system tags for the flow's runs."""
        return []

    # True for a decorator that `--with` has attached and that is not written above the step.
    is_attached = False

    def suits(self, source):
        """True if a decorator of `--with` applies to the step with this source."""
        return True

    def prepare(self, task):
        """Runs on every node right before the body."""

    def decorated(self, task, body):
        """Returns a function that runs in place of the body."""
        return body

    def finish(self, task):
        """Runs on every node right after a body that has succeeded."""

    def hides_failure(self, task):
        """True if the traceback is not to be printed should the body of this attempt fail."""
        return False

    def failed(self, task, text):
        """Runs on every node whose body has failed, after the failure was printed. text: the printed text."""

    def fail(self, reason):
        raise DecoratorError(f"{self.place}: @{self.name}: {reason}" if self.place else f"@{self.name}: {reason}")


class _Attributes(dict):
    """A decorator's options. Setting an entry sets the option."""

    def __init__(self, decorator):
        super().__init__(decorator.options)
        self._decorator = decorator

    def __setitem__(self, name, value):
        super().__setitem__(name, value)
        self._decorator.written[name] = value

    def update(self, *more, **named):
        for name, value in dict(*more, **named).items():
            self[name] = value


def plain(value):
    """Returns a value as JSON of every language can hold it, or its `repr` if JSON cannot."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and -(1 << 63) <= value < 1 << 63:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {str(plain(name)): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return repr(value)


def step(f=None, *, start=False, end=False, node_info=None):
    """Makes a method a step of its flow.

    start, end: True for the run's first or last step, which may have any name then. node_info: any value, stored with
    the method.
    """
    if f is None:
        return lambda function: step(function, start=start, end=end, node_info=node_info)
    function = f
    if isinstance(function, type) or not callable(function):
        raise DecoratorError(at_caller("@step decorates methods of a flow"))
    function.is_step = True
    function.decorators = getattr(function, "decorators", [])
    # User-made decorators: those that run around the body, and mutators.
    function.wrappers, function.config_decorators = [], []
    function.is_start_step, function.is_end_step, function.node_info = start, end, node_info or {}
    function.name = function.__name__
    return function


def step_decorator(kind):
    """Returns the function that a flow's source uses for a decorator of steps, and lists it for `--with`."""
    STEP_DECORATORS[kind.name] = kind
    return apply_step_decorator(kind)


def apply_step_decorator(kind):
    """Returns that function for a class: for use with options, with `()`, or bare. A name that is listed already is
    left alone.
    """
    STEP_DECORATORS.setdefault(kind.name, kind)

    def attach(function, decorator):
        if isinstance(function, type):
            decorator.fail(f"it decorates steps, not the flow {function.__name__}")
        if not getattr(function, "is_step", False):
            name = getattr(function, "__name__", repr(function))
            decorator.fail(f"{name} is no step yet; write @{kind.name} above @step")
        if not kind.is_repeatable and any(each.name == kind.name for each in function.decorators):
            decorator.fail(f"step {function.__name__} has it twice; keep one")
        function.decorators.insert(0, decorator)
        return function

    def use(*positional, **given):
        decorator = kind(given)
        if not positional:
            return lambda function: attach(function, decorator)
        if len(positional) == 1 and not given and (callable(positional[0]) or isinstance(positional[0], type)):
            return attach(positional[0], decorator)
        decorator.fail("options are given by name")

    return _named(use, kind)


def _named(use, kind):
    use.__name__ = use.__qualname__ = kind.name
    use.__doc__ = kind.__doc__
    use.kind = kind
    return use


def flow_decorator(kind):
    """Returns the function that a flow's source uses for a decorator of flows, and lists it."""
    FLOW_DECORATORS[kind.name] = kind

    def attach(flow, decorator):
        if not isinstance(flow, type):
            decorator.fail("it decorates flows, not steps")
        if not kind.is_repeatable and any(each.name == kind.name for each in flow.__dict__.get("_flow_decorators", [])):
            decorator.fail(f"flow {flow.__name__} has it twice; keep one")
        flow._flow_decorators = [decorator] + of_flow(flow)
        return flow

    def use(*positional, **given):
        decorator = kind(given)
        if not positional:
            return lambda flow: attach(flow, decorator)
        if len(positional) == 1 and not given and (callable(positional[0]) or isinstance(positional[0], type)):
            return attach(positional[0], decorator)
        decorator.fail("options are given by name")

    return _named(use, kind)
