"""Specifications of decorators: the arguments of add_decorator, and the descriptions that mutators read."""

from ..decorators.base import Decorator
from ..errors import DecoratorError
from ..location import at_caller
from ..names import hint


def kind_of(value, find, known, made):
    """Returns the class of a decorator that is given as a class, as a function such as `retry`, or by name, and the
    text behind the name.

    known: Muster's decorators of this kind, by name. made: the base class of user-made ones.
    """
    if isinstance(value, str):
        name, _, rest = value.partition(":")
        kind = find(name)
        if kind is None:
            raise DecoratorError(at_caller(f"there is no decorator @{name}{hint(name, known)}"))
        return kind, rest
    kind = getattr(value, "kind", value)
    # Packages for Metaflow use `functools.partial(_base_step_decorator, kind)`.
    arguments = getattr(value, "args", None)
    if arguments and isinstance(arguments[0], type):
        kind = arguments[0]
    is_ours = isinstance(kind, type) and issubclass(kind, Decorator) and known.get(kind.name) is kind
    if not (is_ours or isinstance(kind, type) and issubclass(kind, made)):
        raise TypeError(at_caller(
            f"add_decorator takes a decorator of the same kind, steps' or flows', or its class or name, not {value!r}"))
    return kind, ""


def specification(decorator):
    """Returns the short name, the full name, positional arguments and named ones."""
    kind = type(decorator)
    full = getattr(decorator, "decorator_name", None) or f"{kind.__module__}.{kind.__qualname__}"
    return (decorator.name, full, *decorator.get_args_kwargs())


def is_named(specification, name):
    """True if `name` is the decorator's full name, which has a period in it, or its short name."""
    return specification[1 if "." in name else 0] == name


class Specifications:
    """The base of mutable steps and flows. `_all` returns their decorators."""

    @property
    def decorator_specs(self):
        """Each decorator's short name, full name, list of positional arguments and dict of named ones."""
        return (specification(each) for each in self._all())

    def has_decorator(self, name):
        return any(is_named(each, name) for each in self.decorator_specs)

    def get_decorator_specs(self, name):
        return [each for each in self.decorator_specs if is_named(each, name)]
