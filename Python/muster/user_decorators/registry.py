"""The names of user-made decorators: a module's path and the class, or its end where that is enough."""

# By full name, such as `my_package.timing.Timing`; what stands in the flow's own file begins with `__main__`.
_KNOWN = {}


def register(kind):
    _KNOWN[kind.decorator_name] = kind


def find(name, base):
    """The class derived from `base` that `name` stands for; None where there is none, or several."""
    found = [
        kind for full, kind in _KNOWN.items()
        if issubclass(kind, base) and (full == name or full.endswith(f".{name}"))]
    return found[0] if len(found) == 1 else None


def short_name(kind, builtin):
    """The shortest end of a decorator's full name that no other one, and none of the names `builtin`, has.

    A class whose full name another one has taken over keeps its own.
    """
    parts = kind.decorator_name.split(".")
    others = [full for full in _KNOWN if full != kind.decorator_name] + list(builtin)
    for count in range(1, len(parts)):
        name = ".".join(parts[-count:])
        if not any(full == name or full.endswith(f".{name}") for full in others):
            return name
    return kind.decorator_name


def names(base):
    """The full names of all classes derived from `base`."""
    return [full for full, kind in _KNOWN.items() if issubclass(kind, base)]
