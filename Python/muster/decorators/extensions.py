"""Finds decorators of packages that extend Metaflow, which list them in `metaflow_extensions.NAME.plugins`.

It is done when a flow imports a name that Muster does not have.
"""

import importlib
import os

from ..errors import FlowError


def find(name):
    """Returns the decorator of this name for use in a flow's source, or None."""
    for package, module in _plugins():
        for list_name, apply in (("STEP_DECORATORS_DESC", _apply_to_steps), ("FLOW_DECORATORS_DESC", _apply_to_flows)):
            for known, path in getattr(module, list_name, ()):
                if known == name:
                    return apply(_load(name, path, package))
    return None


def _plugins():
    """Yields each package with its modules that list decorators."""
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
    """path: the class's module and name. A path that begins with a period is relative to the package."""
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
