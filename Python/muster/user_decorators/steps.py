"""User-made decorators of steps."""

from ..decorators.base import STEP_DECORATORS
from ..errors import DecoratorError
from ..location import at_caller
from . import registry
from .base import ERROR, OVERRIDE, UserDecorator


class UserStepDecoratorBase(UserDecorator):
    """The base for steps. `_step_field` names the list of the step's function that holds the decorator."""

    _step_field = None

    @staticmethod
    def is_target(value):
        return callable(value) and getattr(value, "is_step", False)

    def __call__(self, step=None, **marks):
        self.statically_defined = marks.get("_statically_defined", self.statically_defined)
        self.inserted_by = marks.get("_inserted_by", self.inserted_by)
        if not self.is_target(step):
            name = getattr(step, "__name__", repr(step))
            self.fail(f"{name} is no step yet; write @{self.name} above @step")
        self._my_step = step
        for field in self.fields():
            getattr(step, field).append(self)
        return step

    @classmethod
    def fields(cls):
        """Returns the lists that hold the decorator: two for one that runs around the body and is a mutator."""
        return list(dict.fromkeys(vars(kind)["_step_field"] for kind in cls.__mro__ if vars(kind).get("_step_field")))

    @property
    def name(self):
        return registry.short_name(type(self), STEP_DECORATORS)

    @classmethod
    def get_decorator_by_name(cls, name):
        return step_kind(name)

    @classmethod
    def get_decorator_name(cls, kind):
        return registry.short_name(kind, STEP_DECORATORS)

    def add_or_raise(self, step, statically_defined, duplicates, inserted_by=None):
        """Adds the decorator to a step. Returns it, or None if `duplicates` leaves another one in its place."""
        if any(each.decorator_name == self.decorator_name for each in getattr(step, self._step_field)):
            if duplicates == OVERRIDE:
                for field in self.fields():
                    kept = [each for each in getattr(step, field) if each.decorator_name != self.decorator_name]
                    setattr(step, field, kept)
            elif duplicates == ERROR and statically_defined:
                raise DecoratorError(f"step {step.name} has the decorator @{self.name} already")
            else:
                return None
        self(step, _statically_defined=statically_defined, _inserted_by=inserted_by)
        return self


class UserStepDecorator(UserStepDecoratorBase):
    """Runs code around a step's body.

        class Timing(UserStepDecorator):
            def pre_step(self, step_name, flow, inputs=None):
                self.began = time.time()

            def post_step(self, step_name, flow, exception=None):
                flow.seconds = time.time() - self.began
                return exception
    """

    _step_field = "wrappers"
    _allowed_args = False

    def pre_step(self, step_name, flow, inputs=None):
        """Runs before the inner decorators and the body. May return a function that runs in their place with the same
        arguments.
        """

    def post_step(self, step_name, flow, exception=None):
        """Runs after the body. exception: the error that came out of it, or None.

        Returns the error that the step has, or None; or a pair of it and the arguments of `self.next`, a dict, which is
        empty for the step's own.
        """
        return exception, None

    @property
    def skip_step(self):
        """Set by `pre_step` to skip the inner decorators and the body: True, or a dict of arguments of `self.next`."""
        return getattr(self, "_skip_step", False)

    @skip_step.setter
    def skip_step(self, value):
        self._skip_step = value


class StepMutator(UserStepDecoratorBase):
    """Changes the decorators of a step while its flow is read."""

    _step_field = "config_decorators"
    # A class may derive from this one and from UserStepDecorator.
    _allowed_args = True

    def pre_mutate(self, mutable_step):
        """Called once configs are read."""

    def mutate(self, mutable_step):
        """Called once `--with` has attached its decorators. Cannot add mutators any more."""

    def add_to_package(self):
        """Returns nothing of use: the code package has all of the flow's folder already."""
        return []


def step_kind(name):
    """Returns the class of the decorator of steps with this name, or None. Imports an unknown name that has a period in
    it.
    """
    found = STEP_DECORATORS.get(name) or registry.find(name, UserStepDecoratorBase)
    if found is None and "." in name:
        from importlib import import_module
        module, _, kind = name.rpartition(".")
        try:
            found = getattr(import_module(module), kind, None)
        except ImportError as error:
            raise DecoratorError(at_caller(f"the decorator {name} cannot be imported: {error}")) from None
        if not (isinstance(found, type) and issubclass(found, UserStepDecoratorBase)):
            return None
    return found
