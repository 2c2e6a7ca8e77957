"""Expressions over configs, which are evaluated when all configs of the flow are known."""

import operator

from ..errors import ParameterError
from ..location import at_caller, users_frame
from .configs import Config


class config_expr:
    """An expression over configs: `config_expr("config.image")`, which is the same as `config_expr("config").image`.

    It may use the names of the module that it stands in. `**config_expr("config")` stands for all options in the
    config.
    """

    def __init__(self, text):
        self._text = text
        self._place = at_caller("")
        self._globals = users_frame().f_globals
        # The attributes and keys to look up in the value, in their order.
        self._path = ()

    def _of(self, step):
        expression = object.__new__(config_expr)
        expression.__dict__.update(self.__dict__, _path=(*self._path, step))
        return expression

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._of((getattr, name))

    def __getitem__(self, key):
        if isinstance(key, _Unpacked):
            return self
        return self._of((operator.getitem, key))

    def __iter__(self):
        raise TypeError(f"{self._place}config_expr({self._text!r}) is evaluated when all configs are known, not here")

    def keys(self):
        return [_Unpacked(f"_config_expr_{id(self)}")]

    def _evaluate(self):
        names = {name: config.value for name, config in Config.known.items()}
        try:
            value = eval(self._text, self._globals, names)
            for take, key in self._path:
                value = take(value, resolve(key))
            return value
        except Exception as error:
            path = "".join(f".{key}" if take is getattr else f"[{key!r}]" for take, key in self._path)
            raise ParameterError(
                f"{self._place}config_expr({self._text!r}){path}: {type(error).__name__}: {error}") from None


class _Unpacked(str):
    """The single key that `**expression` finds in an expression, for all options that it stands for."""


def resolve(value):
    """Returns `value` with every config expression in it evaluated."""
    if isinstance(value, config_expr):
        return resolve(value._evaluate())
    if isinstance(value, Config):
        return value.value
    if type(value) is dict:
        found = {}
        for key, each in value.items():
            found.update(resolve(each) if isinstance(key, _Unpacked) else {resolve(key): resolve(each)})
        return found
    if type(value) in (list, tuple, set):
        return type(value)(resolve(each) for each in value)
    return value
