"""The base of user-made decorators of steps and of flows. It holds their arguments until configs are read."""

from ..errors import DecoratorError
from ..location import at_caller
from . import registry


# The choices for a decorator that a step or a flow has already.
IGNORE, ERROR, OVERRIDE = 1, 2, 3


class Applied(type):
    """The metaclass by which `@MyDecorator` and `@MyDecorator(…)` both return the decorated step or flow."""

    def __call__(cls, *arguments, **options):
        if arguments and cls.is_target(arguments[0]):
            target, *arguments = arguments
            return super().__call__(*arguments, **options)(target)
        return super().__call__(*arguments, **options)

    def __str__(cls):
        return cls.decorator_name


class UserDecorator(metaclass=Applied):
    """A user-made decorator. Its arguments may be config expressions, which are evaluated before `init` gets them."""

    decorator_name = ""
    # Metaflow's attributes by which subclasses declare their arguments.
    _allowed_args = True
    _allowed_kwargs = True

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        cls.decorator_name = cls.__dict__.get("_decorator_name", f"{cls.__module__}.{cls.__name__}")
        if cls.__module__.partition(".")[0] != "muster" or "_decorator_name" in cls.__dict__:
            registry.register(cls)

    def __init__(self, *arguments, **options):
        self.statically_defined = options.pop("_statically_defined", True)
        self.inserted_by = options.pop("_inserted_by", None)
        self._args, self._kwargs = arguments, options
        self._ran_init = False
        if arguments and not self._allowed_args:
            self.fail("it takes no arguments without a name")
        if options and not self._allowed_kwargs:
            self.fail("it takes no arguments")
        unknown = [name for name in options if isinstance(self._allowed_kwargs, list) and name not in self._allowed_kwargs]
        if unknown:
            self.fail(f"it has no argument '{unknown[0]}'; there are {', '.join(self._allowed_kwargs)}")

    def __str__(self):
        return self.decorator_name

    def init(self, *arguments, **options):
        """Takes the decorator's arguments. Subclasses with arguments override it."""

    def external_init(self):
        """Calls `init` once, with config expressions evaluated."""
        if self._ran_init:
            return
        from ..flow.expressions import resolve
        self._args, self._kwargs = [resolve(each) for each in self._args], resolve(self._kwargs)
        if type(self).init is not UserDecorator.init:
            self.init(*self._args, **self._kwargs)
        elif self._args or self._kwargs:
            self.fail("it is used with arguments and has no method init(self, …) that takes them")
        self._ran_init = True

    def get_args_kwargs(self):
        """Returns the positional arguments and the named ones."""
        return list(self._args), dict(self._kwargs)

    @classmethod
    def extract_args_kwargs_from_decorator_spec(cls, text):
        """Parses `name=value,…`. A positional argument has its index as its name."""
        from ..decorators.texts import parse_options
        options = parse_options(text, f"{cls.decorator_name}:{text}")
        places = {int(name): options.pop(name) for name in list(options) if name.isdigit()}
        return [places.get(place) for place in range(max(places, default=-1) + 1)], options

    @classmethod
    def parse_decorator_spec(cls, text):
        arguments, options = cls.extract_args_kwargs_from_decorator_spec(text)
        return cls(*arguments, **options)

    def manifest(self):
        """Returns the decorator's name and options for people."""
        from ..decorators.base import plain
        arguments, options = self.get_args_kwargs()
        given = {**{str(place): each for place, each in enumerate(arguments)}, **options}
        return {"name": self.name, "options": {name: plain(value) for name, value in given.items()}}

    def fail(self, reason):
        raise DecoratorError(at_caller(f"@{self.decorator_name}: {reason}"))
