"""Muster's front end under the name `metaflow`."""

from muster import METAFLOW_VERSION as __version__, __all__  # noqa: F401

from .aliases import settle

settle()


def __dir__():
    return sorted({*globals(), *__all__})


def __getattr__(name):
    import muster
    if name.startswith("__"):
        raise AttributeError(name)
    if name not in muster._PLACES:
        from importlib import import_module
        from importlib.util import find_spec
        # For `metaflow.exception.…` after a bare `import metaflow`.
        if find_spec(f"metaflow.{name}"):
            return import_module(f"metaflow.{name}")
    return muster._named(name, "metaflow")
