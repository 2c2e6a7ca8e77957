"""Decorators of packages that extend Metaflow: `metaflow_extensions.NAME.plugins` lists them.

They are looked for when a flow asks for a name that nobody else knows.
"""

import importlib
import os

from ..errors import FlowError


def find(name):
    """The decorator of this name, as a flow's source uses it; None where no package has it."""
    for package, module in _plugins():
        for list_name, apply in (("STEP_DECORATORS_DESC", _apply_to_steps), ("FLOW_DECORATORS_DESC", _apply_to_flows)):
            for known, path in getattr(module, list_name, ()):
                if known == name:
                    return apply(_load(name, path, package))
    return None


def _plugins():
    """Each package with its modules that list something."""
    try:
        import metaflow_extensions
    except ImportError:
        return
    for folder in metaflow_extensions.__path__:
        for extension in sorted(os.listdir(folder)):
            plugins = os.path.join(folder, extension, "plugins")
            package = f"metaflow_extensions.{extension}.plugins"
            names = sorted(os.listdir(plugins)) if os.path.isdir(plugins) else []
            if "__init__.py" in names:
                yield package, importlib.import_module(package)
            for each in names:
                if each.startswith("mfextinit_") and each.endswith(".py"):
                    yield package, importlib.import_module(f"{package}.{each[:-3]}")


def _load(name, path, package):
    """path: of a class, from the package on where it begins with a period."""
    module, _, kind = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module or ".", package), kind)
    except ImportError as error:
        raise FlowError(
            f"the decorator @{name} of {package} cannot be used here: {error}; it needs more of Metaflow than Muster has") from None


def _apply_to_steps(kind):
    from .base import apply_step_decorator
    return apply_step_decorator(kind)


def _apply_to_flows(kind):
    from .base import flow_decorator
    return flow_decorator(kind)
