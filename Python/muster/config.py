"""Configs: values that are read when the flow is, so that decorators can use them."""

import json
import os

from .errors import ParameterError
from .launch import launch
from .location import at_caller


# Characters of a config in one word: Linux takes words of 128 KiB, and a character has up to 4 bytes.
PIECE = 30_000
# Bytes of all configs: Linux takes a quarter of the stack's limit for all words and variables, 2 MiB as a rule.
LARGEST = 1_500_000


class ConfigValue(dict):
    """A config's content: a dict whose entries are attributes too. It cannot be changed."""

    def __init__(self, content):
        super().__init__((name, _wrap(value)) for name, value in content.items())

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            from .names import hint
            raise AttributeError(f"the config has no entry '{name}'{hint(name, self)}") from None

    def _refuse(self, *_, **__):
        raise TypeError("a config cannot be changed; it was read before the run began")

    __setattr__ = __delattr__ = __setitem__ = __delitem__ = _refuse
    update = pop = popitem = clear = setdefault = _refuse

    def to_dict(self):
        return json.loads(json.dumps(self))

    def __reduce__(self):
        return ConfigValue, (dict(self),)


def _wrap(value):
    if isinstance(value, dict):
        return ConfigValue(value)
    return [_wrap(each) for each in value] if isinstance(value, list) else value


class Config:
    """A value that the flow's own source can use: `config = Config('config', default='config.json')`.

    default: a file, relative to the flow's folder. default_value: a dict, or a text. `--config NAME FILE` and
    `--config-value NAME TEXT` win over both. parser: a function, or `module.function`, that makes a dict of the text;
    JSON without one. plain: keep what the parser gives as it is.
    """

    known = {}

    def __init__(
            self, name, default=None, default_value=None, help=None, required=None, parser=None, plain=False,
            show_default=True):
        self.name = name
        self.help = help
        self.parser = parser
        self.plain = plain
        self.text, self.value = self._read(default, default_value, required)
        Config.known[name] = self

    def _read(self, default, default_value, required):
        if self.name in launch.config_values:
            text = launch.config_values[self.name]
        elif self.name in launch.config_files:
            text = self._file(launch.config_files[self.name])
        elif default is not None and (self._exists(default) or default_value is None):
            text = self._file(default)
        elif default_value is not None:
            text = default_value if isinstance(default_value, str) else json.dumps(default_value)
        elif required:
            raise ParameterError(at_caller(
                f"the config '{self.name}' is required; give it with --config {self.name} FILE or --config-value "
                f"{self.name} TEXT"))
        else:
            return None, None
        return text, self._parse(text)

    @staticmethod
    def _path(path):
        folder = os.path.dirname(launch.file) if launch.file else "."
        beside = os.path.join(folder, path)
        return beside if os.path.exists(beside) else path

    def _exists(self, path):
        return os.path.exists(self._path(path))

    def _file(self, path):
        try:
            with open(self._path(path), encoding="utf-8") as file:
                return file.read()
        except OSError as error:
            raise ParameterError(at_caller(
                f"the config '{self.name}' cannot be read from {path}: {error.strerror}; give another file with "
                f"--config {self.name} FILE")) from None

    def _parse(self, text):
        parser = self.parser
        try:
            if isinstance(parser, str):
                from importlib import import_module
                module, _, function = parser.rpartition(".")
                parser = getattr(import_module(module), function)
            content = json.loads(text) if parser is None else parser(text)
        except Exception as error:
            raise ParameterError(at_caller(f"the config '{self.name}' cannot be read: {type(error).__name__}: {error}")) from None
        return content if self.plain else _wrap(content)

    # In the class body a config stands for its content.

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


class config_expr:
    """An expression over configs that is evaluated when all of them are known: `config_expr("config.image")`."""

    def __init__(self, text):
        self.text = text
        self.place = at_caller("")

    def evaluate(self):
        names = {name: config.value for name, config in Config.known.items()}
        try:
            return eval(self.text, {"__builtins__": {}}, names)
        except Exception as error:
            raise ParameterError(f"{self.place}config_expr({self.text!r}): {type(error).__name__}: {error}") from None


def resolve(value):
    """`value` with every config expression in it evaluated."""
    if isinstance(value, config_expr):
        return resolve(value.evaluate())
    if isinstance(value, Config):
        return value.value
    if isinstance(value, dict) and type(value) is dict:
        return {resolve(key): resolve(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(resolve(each) for each in value)
    return value


def front():
    """The configs as options before the verb, so that every task sees what `describe` saw."""
    words = []
    for name, config in sorted(Config.known.items()):
        if config.text is not None:
            first, *others = _pieces(config.text)
            words += ["--config-value", name, first]
            for piece in others:
                words += ["--config-more", name, piece]
    size = sum(len(word.encode()) for word in words)
    if size > LARGEST:
        raise ParameterError(
            f"the flow's configs have {size} bytes, and at most {LARGEST} can be handed on to every step; give what is large as a "
            "file, with IncludeFile")
    return words


def _pieces(text):
    return [text[start:start + PIECE] for start in range(0, len(text), PIECE)] or [""]
