"""Constants: attributes of a flow's class that are no steps, methods or parameters.

They are artifacts of every task, written once, before the first step's body runs. A step cannot set one: every step is
a process that executes the flow's source again, so the next step would not see the change.
"""

import functools
from types import FunctionType, MethodType, ModuleType

from ..location import at_caller
from .configs import Config
from .parameters import Parameter

_NO_VALUES = (FunctionType, MethodType, ModuleType, property, type, functools.cached_property, Parameter)


def constants(flow):
    """Returns a flow's constants by name, those of its bases too. The value of a config is its content."""
    found, own = {}, _names_of_front_end(flow)
    for name in dir(flow):
        if name.startswith("_") or name in own:
            continue
        value = getattr(flow, name)
        if isinstance(value, Config):
            value = value.value
        elif isinstance(value, _NO_VALUES):
            continue
        found[name] = value
    return found


def _names_of_front_end(flow):
    """Returns the names that FlowSpec itself defines."""
    return {name for base in flow.__mro__ if base.__module__.startswith("muster.") for name in vars(base)}


class _Fixed:
    """A descriptor that takes a constant's place in the class, so that setting it on an object raises an error."""

    def __init__(self, name, value):
        self.name, self.value = name, value

    def __get__(self, instance, owner=None):
        return self.value

    def __set__(self, instance, value):
        raise AttributeError(at_caller(
            f"self.{self.name} is a constant of the flow's class and cannot be set; keep its value in another name"))

    def __delete__(self, instance):
        raise AttributeError(at_caller(f"self.{self.name} is a constant of the flow's class and cannot be removed"))


@functools.cache
def fix(flow):
    """Makes the constants of a flow's class read-only in this process. Returns them by name."""
    found = constants(flow)
    for name, value in found.items():
        written = next(vars(base)[name] for base in flow.__mro__ if name in vars(base))
        # A config is a read-only descriptor already.
        if not isinstance(written, Config):
            setattr(flow, name, _Fixed(name, value))
    return found
