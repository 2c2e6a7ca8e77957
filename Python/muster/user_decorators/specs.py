"""Decorators by name, and what is told of them."""

from ..decorators.base import FLOW_DECORATORS, STEP_DECORATORS, Decorator
from ..errors import DecoratorError
from ..location import at_caller
from ..names import hint
from . import registry


def step_kind(name):
    """The class of the decorator of steps that has this name; None where there is none.

    A name with a module in it is imported, where it stands for nothing that is known.
    """
    from .steps import UserStepDecoratorBase
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


def flow_kind(name):
    """The same for a decorator of flows."""
    from .flows import FlowMutator
    return FLOW_DECORATORS.get(name) or registry.find(name, FlowMutator)


def kind_of(value, find, known, made):
    """The class that a user means by a class, by what stands in a flow's source, or by a name; and the text behind it.

    - known: The decorators of Muster's that it can be, by name.
    - made: The class that user-made ones derive from.
    """
    if isinstance(value, str):
        name, _, rest = value.partition(":")
        kind = find(name)
        if kind is None:
            raise DecoratorError(at_caller(f"there is no decorator @{name}{hint(name, known)}"))
        return kind, rest
    kind = getattr(value, "kind", value)
    # `functools.partial(_base_step_decorator, kind)`, as packages for Metaflow make theirs.
    arguments = getattr(value, "args", None)
    if arguments and isinstance(arguments[0], type):
        kind = arguments[0]
    is_ours = isinstance(kind, type) and issubclass(kind, Decorator) and known.get(kind.name) is kind
    if not (is_ours or isinstance(kind, type) and issubclass(kind, made)):
        raise TypeError(at_caller(
            f"add_decorator takes a decorator of what it is called on, its class, or its name, not {value!r}"))
    return kind, ""


def specification(decorator):
    """Short name, full name, arguments without and with a name."""
    kind = type(decorator)
    full = getattr(decorator, "decorator_name", None) or f"{kind.__module__}.{kind.__qualname__}"
    return (decorator.name, full, *decorator.get_args_kwargs())


def is_named(specification, name):
    """Returns whether a decorator is meant by `name`: a full name has a period in it."""
    return specification[1 if "." in name else 0] == name


class Specifications:
    """Lets mutable steps and flows tell of their decorators, which `_all` returns."""

    @property
    def decorator_specs(self):
        """Each decorator's short name, full name, list of arguments without a name and dict of those with one."""
        return (specification(each) for each in self._all())

    def has_decorator(self, name):
        return any(is_named(each, name) for each in self.decorator_specs)

    def get_decorator_specs(self, name):
        return [each for each in self.decorator_specs if is_named(each, name)]
