"""Muster's front end under Metaflow's name, for flows that Muster runs."""

from muster import __all__, __version__  # noqa: F401


def __getattr__(name):
    import muster
    if name.startswith("__"):
        raise AttributeError(name)
    return muster._named(name, "metaflow")
