"""Configs: values that are read with the flow's source, so that decorators can use them."""

import json
import os

from ..config import wrap
from ..errors import ParameterError
from ..launch import launch
from ..location import at_caller
from . import given_configs


class Config:
    """A value that the flow's own source can use: `config = Config('config', default='config.json')`.

    default: the path of a file, relative to the folder where the flow was started or to the flow's own, or a function
    that returns the path. default_value: a dict, a text, or a function that returns one. `--config NAME FILE` and
    `--config-value NAME TEXT` win over both, and so do METAFLOW_FLOW_CONFIG and METAFLOW_FLOW_CONFIG_VALUE, which hold
    a dict of them in JSON. parser: a function, or its name `module.function`, that turns the text into a dict; the text
    is read as JSON without one. plain: the value is the parser's result itself, or the text without a parser.
    """

    # The configs of the flow's module, by name.
    known = {}

    def __init__(
            self, name, default=None, default_value=None, help=None, required=None, parser=None, plain=False,
            show_default=True):
        if default is not None and default_value is not None:
            raise ParameterError(at_caller(f"the config '{name}' has a default and a default_value; keep one"))
        self.name = name
        self.help = help
        self.parser = parser
        self.plain = plain
        self.text = self._found(default, default_value, required)
        self.value = None if self.text is None else self._parse(self.text)
        Config.known[name] = self

    def _found(self, default, default_value, required):
        """Returns the config's text, or None if there is none."""
        values, files = given_configs.given()
        if self.name in values:
            return values[self.name]
        if self.name in files:
            return self._file(files[self.name])
        default, default_value = self._made(default), self._made(default_value)
        if default is not None:
            return self._file(default)
        if default_value is not None:
            return default_value if isinstance(default_value, str) else json.dumps(default_value)
        if required:
            raise ParameterError(at_caller(
                f"the config '{self.name}' is required; give it with --config {self.name} FILE or --config-value "
                f"{self.name} TEXT"))
        return None

    def _made(self, default):
        if not callable(default):
            return default
        from .context import Context
        return default(Context(given_configs.flow_being_read(), self.name, {}))

    def _file(self, path):
        folder = os.path.dirname(launch.file) if launch.file else "."
        beside = os.path.join(folder, path)
        try:
            with open(path if os.path.exists(path) else beside, encoding="utf-8") as file:
                return file.read()
        except (OSError, UnicodeDecodeError) as error:
            raise ParameterError(at_caller(
                f"the config '{self.name}' cannot be read from {path}: {getattr(error, 'strerror', None) or error}; give "
                f"another file with --config {self.name} FILE")) from None

    def _parse(self, text):
        parser = self.parser
        if parser is None and self.plain:
            return text
        try:
            content = json.loads(text) if parser is None else named(parser)(text)
        except Exception as error:
            raise ParameterError(at_caller(f"the config '{self.name}' cannot be read: {type(error).__name__}: {error}")) from None
        return content if self.plain else wrap(content)

    # In the class body a config can be used like its content.

    def __getattr__(self, name):
        if name.startswith("__") or self.__dict__.get("value") is None:
            raise AttributeError(f"the config '{self.__dict__.get('name')}' has no '{name}': it was not given")
        return getattr(self.value, name)

    def __getitem__(self, key):
        return self.value[key]

    def __iter__(self):
        return iter(self.value)

    def __len__(self):
        return len(self.value)

    def __contains__(self, key):
        return key in self.value

    def __get__(self, instance, owner=None):
        return self if instance is None else self.value

    def __set__(self, instance, value):
        raise AttributeError(f"{self.name} is a config and cannot be set")


def named(function):
    """Returns the function of this name: `module.function`, or `.module.function` for one of Metaflow's."""
    if not isinstance(function, str):
        return function
    from importlib import import_module
    module, _, name = function.rpartition(".")
    return getattr(import_module("metaflow" + module if function.startswith(".") else module), name)


def check_given():
    """Refuses given configs that the flow does not have."""
    given_configs.check(Config.known)


def front():
    """Returns the flow's configs as options before the verb, so that every task sees the values that `describe` saw."""
    texts = {name: config.text for name, config in Config.known.items() if config.text is not None}
    if not texts:
        return []
    from .config_options import words
    return words(texts)
