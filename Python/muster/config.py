"""The content of a config. Artifacts that hold one name this module in their pickles, so it stays where it is."""


class ConfigValue(dict):
    """A config's content: a dict whose entries are attributes too. It cannot be changed."""

    def __init__(self, content):
        super().__init__((name, wrap(value)) for name, value in content.items())

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
        """Returns plain dicts and lists."""
        return _unwrap(self)

    def __reduce__(self):
        return ConfigValue, (dict(self),)

    def __dir__(self):
        return [*super().__dir__(), *(name for name in self if isinstance(name, str) and name.isidentifier())]


def wrap(value):
    """Turns every dict in `value` into a ConfigValue."""
    if isinstance(value, dict):
        return ConfigValue(value)
    return type(value)(wrap(each) for each in value) if type(value) in (list, tuple, set) else value


def _unwrap(value):
    if isinstance(value, dict):
        return {name: _unwrap(each) for name, each in value.items()}
    return type(value)(_unwrap(each) for each in value) if type(value) in (list, tuple, set) else value
