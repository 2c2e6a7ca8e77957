"""The names of user-made decorators. Any end of a full name that is unique can be used."""

# Classes by full name, such as `my_package.timing.Timing`. Those of the flow's own file begin with `__main__`.
_KNOWN = {}


def register(kind):
    _KNOWN[kind.decorator_name] = kind


def find(name, base):
    """Returns the class derived from `base` that has this name, or None if none or several have it."""
    found = [
        kind for full, kind in _KNOWN.items()
        if issubclass(kind, base) and (full == name or full.endswith(f".{name}"))]
    return found[0] if len(found) == 1 else None


def short_name(kind, builtin):
    """Returns the shortest end of a full name that no other decorator, and none of the names `builtin`, has.

    A class whose full name was registered again by another one has its full name.
    """
    parts = kind.decorator_name.split(".")
    others = [full for full in _KNOWN if full != kind.decorator_name] + list(builtin)
    for count in range(1, len(parts)):
        name = ".".join(parts[-count:])
        if not any(full == name or full.endswith(f".{name}") for full in others):
            return name
    return kind.decorator_name


def names(base):
    """Returns the full names of all classes derived from `base`."""
    return [full for full, kind in _KNOWN.items() if issubclass(kind, base)]
