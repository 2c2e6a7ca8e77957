"""Parameters of a flow: values that are fixed when a run begins."""

import json

from ..errors import ParameterError
from ..location import at_caller, caller
from ..stored import value as stored_value


class JSONTypeClass:
    """The type of a parameter whose text is JSON."""

    name = "JSON"

    def __repr__(self):
        return "JSON"


JSONType = JSONTypeClass()

# Types of options that hold no config expression.
_PLAIN = (str, bool, type(None), type, JSONTypeClass)
_KINDS = {int: "int", float: "double", bool: "bool", str: "string"}


class Parameter:
    """A value that is given when a run begins: `alpha = Parameter('alpha', default=0.1)`.

    name: its name on the command line (`--alpha`) and in `METAFLOW_RUN_ALPHA`. default: the value of a run that is
    started without one; may be a function of no argument, or of a ``Context``, which is called once per run. type: int,
    float, bool, str or JSONType; by default the default's own. required: True if a run must give a value; a default
    satisfies this. separator: splits the text at it; the value is then a list.
    """

    def __init__(
            self, name, default=None, type=None, help=None, required=None, show_default=True, separator=None, **unknown):
        if any(not isinstance(each, _PLAIN) for each in (name, type, help, required, separator)):
            from .expressions import resolve
            name, type, help, required, separator = resolve((name, type, help, required, separator))
        self.name = name
        self.help = help or ""
        self.required = bool(required) and default is None
        self.separator = separator
        self.show_default = show_default
        self.place = caller()
        self._default = default
        self.type = JSONType if isinstance(type, JSONTypeClass) else type
        self._check(unknown)

    @property
    def default(self):
        """The default with config expressions evaluated: all configs are known once the flow's class exists."""
        from .expressions import resolve
        return resolve(self._default)

    def _check(self, unknown):
        if not isinstance(self.name, str):
            raise ParameterError(at_caller(f"a parameter's name is a text, not {self.name!r}"))
        if unknown:
            raise ParameterError(at_caller(
                f"Parameter '{self.name}' has no option '{sorted(unknown)[0]}'; there are default, type, help, required, "
                "show_default and separator"))
        if self.type is not None and self.type is not JSONType and self.type not in _KINDS:
            raise ParameterError(at_caller(
                f"Parameter '{self.name}' has the type {self.type!r}; int, float, bool, str and JSONType are known"))
        is_text = not isinstance(self._default, (bool, int, float, dict))
        if self.separator is not None and (self.type not in (None, str) or not is_text):
            raise ParameterError(at_caller(f"Parameter '{self.name}' has a separator, so its type has to be str"))

    @property
    def kind(self):
        if self.type is JSONType:
            return "json"
        if self.type is not None:
            return _KINDS[self.type]
        if callable(self.default) or self.default is None or self.separator is not None:
            return "string"
        if isinstance(self.default, (dict, list, tuple)):
            return "json"
        for kind in (bool, int, float, str):
            if isinstance(self.default, kind):
                return _KINDS[kind]
        raise ParameterError(
            f"{self.place}: Parameter '{self.name}' has the default {self.default!r} of a type that no text can be read "
            "as; int, float, bool, str and what JSON can say are known")

    # For `describe`

    @property
    def reading(self):
        """The options of ``muster.stored.value`` beside the kind."""
        return {} if self.separator is None else {"separator": self.separator}

    def manifest(self, flow_name, attribute):
        """attribute: the attribute of the flow's class that holds the parameter."""
        entry = {"name": self.name, "help": self.help, "kind": {self.kind: {}}}
        if self.reading or attribute != self.name:
            entry["artifact"] = {"name": attribute, **self.reading}
        if not self.required:
            entry["defaultValue"] = self._default_value(flow_name)
        return entry

    def _default_value(self, flow_name):
        default = self._resolved(flow_name)
        try:
            return None if default is None else self._text(default)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise ParameterError(
                f"{self.place}: the default {default!r} of Parameter '{self.name}' is no {self.kind}: {error}") from None

    def _text(self, default):
        """Returns a default as the text that a run stores and `stored.value` reads again."""
        kind = self.kind
        if kind == "json":
            text = default if isinstance(default, str) else json.dumps(default)
            json.loads(text)
        elif kind == "bool":
            text = "true" if _truth(default) else "false"
        elif kind == "double":
            text = repr(float(default))
        elif kind == "int":
            text = str(int(default))
        elif self.separator is not None and isinstance(default, (list, tuple)):
            text = self.separator.join(default)
        elif isinstance(default, str) or self._is_literal and isinstance(default, (bool, int, float)):
            text = str(default)
        else:
            raise ValueError("it is no text")
        text.encode()
        return text

    @property
    def _is_literal(self):
        return not callable(self.default)

    def _resolved(self, flow_name):
        default = self.default
        if not callable(default):
            return default
        try:
            from inspect import signature
            takes = len(signature(default).parameters)
        except (TypeError, ValueError):
            takes = 0
        if not takes:
            return default()
        from .configs import Config
        from .context import Context
        return default(Context(flow_name, self.name, {name: each.value for name, each in Config.known.items()}))

    # For `step`

    def __get__(self, flow, owner=None):
        state = None if flow is None else flow.__dict__.get("_state")
        return self if state is None else state.parameter(self)

    def __set__(self, flow, value):
        raise AttributeError(f"self.{self.name} is a parameter and cannot be set; keep its value in another name")

    def value(self, stored, agent):
        """Returns the value that a task sees for the text that the run stores."""
        if stored is not None and self._stands_for_itself(stored):
            from copy import deepcopy
            return deepcopy(self._resolved(None))

        def read(reference):
            with open(agent.locate(reference), "rb") as file:
                return file.read()
        return stored_value(stored, self.kind, read=read, **self.reading)

    def _stands_for_itself(self, stored):
        """True if the value is the default and its text loses its type: a tuple, a dict whose keys are numbers."""
        if self.default is None or isinstance(self.default, str) or not self._is_literal or self.separator is not None:
            return False
        return self.kind in ("json", "string") and self._default_value(None) == stored


def _truth(default):
    """Reads a bool from the texts that Metaflow accepts."""
    if not isinstance(default, str):
        return bool(default)
    word = default.strip().lower()
    if word in ("true", "t", "1", "yes", "y", "on"):
        return True
    if word in ("false", "f", "0", "no", "n", "off"):
        return False
    raise ValueError("it is neither true nor false")


class IncludeFile(Parameter):
    """A file whose content is an artifact: `data = IncludeFile('data', default='data.csv')`.

    is_text: False gives bytes. encoding: the text's. parser: a function, or its name `module.function`, that turns the
    content into the value that steps see; it is called in each step that reads the parameter.
    """

    def __init__(self, name, required=None, is_text=None, encoding=None, help=None, parser=None, default=None, **options):
        super().__init__(name, default=default, required=required, help=help, type=str, **options)
        self.is_text = is_text is not False
        self.encoding = encoding or "utf-8"
        self.parser = parser

    @property
    def kind(self):
        return "file"

    def _default_value(self, flow_name):
        default = self._resolved(flow_name)
        return None if default is None else str(default)

    @property
    def reading(self):
        return {"encoding": self.encoding} if self.is_text else {}

    def value(self, stored, agent):
        content = super().value(stored, agent)
        if content is None or self.parser is None:
            return content
        from .configs import named
        try:
            return named(self.parser)(content)
        except Exception as error:
            raise ParameterError(
                f"{self.place}: the file of '{self.name}' cannot be parsed: {type(error).__name__}: {error}") from error
