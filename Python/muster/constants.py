"""Constants: attributes of a flow's class that are no steps, methods or parameters.

They are artifacts of every task: kept once, before the first step's body runs. Whoever reads one has what the class
says; nobody sets one, since every step is a process that reads the flow's source anew.
"""

import functools
from types import FunctionType, MethodType, ModuleType

from .config import Config
from .location import at_caller
from .parameters import Parameter

_NO_VALUES = (FunctionType, MethodType, ModuleType, property, type, functools.cached_property, Parameter)


def constants(flow):
    """A flow's constants by name, those of its bases too. A config stands for what was read for it."""
    from .flow import FlowSpec
    found = {}
    for name in dir(flow):
        if name.startswith("_") or hasattr(FlowSpec, name):
            continue
        value = getattr(flow, name)
        if isinstance(value, Config):
            value = value.value
        elif isinstance(value, _NO_VALUES):
            continue
        found[name] = value
    return found


class _Fixed:
    """Stands in the class for a constant, so that setting it on an object says what is wrong."""

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
    """Makes the constants of a flow's class fixed in this process, and returns them by name."""
    found = constants(flow)
    for name, value in found.items():
        written = next(vars(base)[name] for base in flow.__mro__ if name in vars(base))
        # Configs see to themselves.
        if not isinstance(written, Config):
            setattr(flow, name, _Fixed(name, value))
    return found
