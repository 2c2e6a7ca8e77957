"""Amounts in decorators: numbers, or texts of numbers."""

import math


def number(decorator, name, value):
    try:
        if isinstance(value, bool) or not math.isfinite(float(value)):
            raise ValueError
        return float(value)
    except (TypeError, ValueError, OverflowError):
        decorator.fail(f"{name} has to be a number, not {value!r}")


def whole(decorator, name, value):
    """Returns the amount rounded up: half a processor is reserved as one."""
    return math.ceil(number(decorator, name, value))


_UNITS = {"": 1, "m": 1, "mb": 1, "mib": 1, "g": 1 << 10, "gb": 1 << 10, "gib": 1 << 10, "t": 1 << 20, "tb": 1 << 20, "tib": 1 << 20}


def megabytes(decorator, name, value):
    """An amount of memory in megabytes: a number of them, or a text such as 8GB."""
    if not isinstance(value, str):
        return number(decorator, name, value)
    text = value.strip().lower()
    digits = text.rstrip("bgimt ")
    factor = _UNITS.get(text[len(digits):].strip())
    if factor is None:
        decorator.fail(f"{name} has to be megabytes or a text such as 8GB, not {value!r}")
    return number(decorator, name, digits) * factor


def reserve(decorator, settings, cpu, gpu, memory, kind="resources"):
    """Adds the amounts of a decorator to a step's settings. Of several decorators the largest amount counts.

    memory: in megabytes. None requests nothing. kind: `resources` is required in every place, `elsewhere` is met on
    this machine as far as possible.
    """
    resources = settings.setdefault(kind, {"cpu": 0, "gpu": 0, "memory": 0})
    wanted = {
        "cpu": whole(decorator, "cpu", cpu if cpu is not None else 1),
        "gpu": whole(decorator, "gpu", gpu or 0),
        "memory": int(number(decorator, "memory", memory or 0) * (1 << 20)),
    }
    for name, amount in wanted.items():
        resources[name] = max(resources[name], amount)
