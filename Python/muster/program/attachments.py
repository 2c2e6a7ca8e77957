"""Decorators that `--with` puts on every step."""

from ..decorators.base import STEP_DECORATORS, Decorator
from ..decorators.texts import parse_options
from ..errors import DecoratorError
from ..names import hint


def attach_texts(functions, texts):
    """Attaches the decorators that `texts` spell to all steps that do not have them yet."""
    for text in texts:
        for function in functions:
            decorator = _parsed(text)
            if not isinstance(decorator, Decorator):
                decorator.add_or_raise(function, False, 1)
            elif all(each.name != decorator.name for each in function.decorators):
                decorator.is_attached, decorator.statically_defined = True, False
                function.decorators.append(decorator)


def _parsed(text):
    """Returns the decorator that `NAME:option=value,…` spells."""
    name, _, rest = text.partition(":")
    kind = STEP_DECORATORS.get(name)
    if kind is None:
        from ..user_decorators.steps import step_kind
        made = step_kind(name)
        if made is not None:
            return made.parse_decorator_spec(rest)
        from ..decorators.extensions import find
        kind = getattr(find(name), "kind", None)
    if kind is None:
        known = ", ".join(sorted(STEP_DECORATORS))
        raise DecoratorError(
            f"--with {text}: there is no decorator @{name}{hint(name, STEP_DECORATORS)}; there are {known}")
    return kind(parse_options(rest, f"--with {text}"))
