"""Muster's front end under Metaflow's name, for flows that Muster runs."""

from muster import METAFLOW_VERSION as __version__, __all__  # noqa: F401


def __dir__():
    return sorted({*globals(), *__all__})


def __getattr__(name):
    import muster
    if name.startswith("__"):
        raise AttributeError(name)
    return muster._named(name, "metaflow")
