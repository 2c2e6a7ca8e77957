"""Configs: values that are read when the flow is, so that decorators can use them."""

import json
import operator
import os

from .errors import ParameterError
from .launch import launch
from .location import at_caller, users_frame


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

    @classmethod
    def fromkeys(cls, iterable, value=None):
        return cls(dict.fromkeys(iterable, value))

    def copy(self):
        return ConfigValue(self)

    def to_dict(self):
        """As plain dicts and lists."""
        return _unwrap(self)

    def __reduce__(self):
        return ConfigValue, (dict(self),)

    def __dir__(self):
        return [*super().__dir__(), *(name for name in self if isinstance(name, str) and name.isidentifier())]


def _wrap(value):
    if isinstance(value, dict):
        return ConfigValue(value)
    return type(value)(_wrap(each) for each in value) if type(value) in (list, tuple, set) else value


def _unwrap(value):
    if isinstance(value, dict):
        return {name: _unwrap(each) for name, each in value.items()}
    return type(value)(_unwrap(each) for each in value) if type(value) in (list, tuple, set) else value


class Config:
    """A value that the flow's own source can use: `config = Config('config', default='config.json')`.

    default: a file, looked for where the flow was started and then beside it; or a function that gives its path.
    default_value: a dict, a text, or a function that gives one. `--config NAME FILE` and `--config-value NAME TEXT` win
    over both, and so do METAFLOW_FLOW_CONFIG and METAFLOW_FLOW_CONFIG_VALUE, dicts of these in JSON.
    parser: a function, or `module.function`, that makes a dict of the text; JSON without one. plain: keep what the parser
    gives, or the text where there is none.
    """

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
        """The config's text; None where there is none."""
        values, files = given()
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
        from .parameters import Context
        return default(Context(_flow_that_is_read(), self.name, with_configs=False))

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


def named(function):
    """A function, which may be given by its name: `module.function`, or `.module.function` of Metaflow's."""
    if not isinstance(function, str):
        return function
    from importlib import import_module
    module, _, name = function.rpartition(".")
    return getattr(import_module("metaflow" + module if function.startswith(".") else module), name)


def given():
    """Texts of configs that were given when the flow was started, and files of others, by their names."""
    launch.read_script()
    both = sorted({*launch.config_values} & {*launch.config_files})
    if both:
        raise ParameterError(f"the config '{both[0]}' is given with --config and with --config-value; keep one")
    if launch.is_settled:
        return launch.config_values, launch.config_files
    # A variable counts where the command line says nothing of its kind, as in Metaflow.
    values = launch.config_values or _variable("METAFLOW_FLOW_CONFIG_VALUE")
    files = launch.config_files or _variable("METAFLOW_FLOW_CONFIG")
    from . import resumed
    if resumed.is_due():
        resumed.check(values, files)
        return resumed.texts(_flow_that_is_read()), {}
    return values, {name: path for name, path in files.items() if name not in values}


def _variable(name):
    text = os.environ.get(name)
    if not text:
        return {}
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            raise ValueError("it is no dict")
    except ValueError as error:
        raise ParameterError(f"{name} has to be JSON of the form {{\"config\": …}}: {error}") from None
    return {config: each if isinstance(each, str) else json.dumps(each) for config, each in content.items()}


def check_given():
    """Refuses configs that were given and that the flow does not have."""
    from . import resumed
    if resumed.is_due():
        return
    for kind, names in zip(("--config-value", "--config"), given()):
        for name in names:
            if name not in Config.known:
                from .names import hint
                raise ParameterError(f"{kind} {name}: the flow has no config of this name{hint(name, Config.known)}")


def _flow_that_is_read():
    """The name of the class whose body runs, where a config of its own is made; None where none does."""
    frame = users_frame()
    name = frame and frame.f_locals.get("__qualname__")
    return name.rpartition(".")[2] if name else None


class config_expr:
    """An expression over configs that is evaluated when all of them are known: `config_expr("config.image")`.

    It may use what the module has where it stands. `config_expr("config").image` is the same, and `**config_expr("config")`
    stands for all options that the config has.
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
            raise ParameterError(f"{self._place}config_expr({self._text!r}){path}: {type(error).__name__}: {error}") from None


class _Unpacked(str):
    """The name under which `**expression` brings an expression that stands for several options."""


def resolve(value):
    """`value` with every config expression in it evaluated."""
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


def front():
    """Those of the flow, so that every task sees what `describe` saw."""
    return words({name: config.text for name, config in Config.known.items() if config.text is not None})


def words(texts):
    """Configs as options before the verb."""
    words = []
    for name, text in sorted(texts.items()):
        first, *others = _pieces(text)
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
