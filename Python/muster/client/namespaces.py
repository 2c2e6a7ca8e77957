"""The namespace and the store that the client reads: the runs with one tag, or all of them."""

import os

from ..errors import MusterException
from ..running import running
from ..users import identity

_UNSET = object()
_chosen = _UNSET


def get_namespace():
    """The namespace in use; None means that every run is seen."""
    if _chosen is not _UNSET:
        return _chosen
    if running.task is not None:
        # `run --namespace=` has its tasks see every run.
        return None if running.told("namespace") == "" else running.namespace
    return identity()


def namespace(name):
    """Looks at the runs with this tag from now on, or at all of them with None."""
    global _chosen
    _chosen = name
    return name


def default_namespace():
    """Looks at this user's own runs again."""
    global _chosen
    _chosen = _UNSET
    return get_namespace()


# Metaflow's metadata is here the store

_store = None


def chosen_store():
    """The store that `metadata` has chosen; None where it is found as ever."""
    return _store


def get_metadata():
    """The store in use, as `local@FOLDER`."""
    from .layout import locate
    return f"local@{locate()}"


def metadata(ms):
    """Looks into another store from now on: a store, or a folder with one, also as `local@FOLDER`."""
    global _store
    kind, at, place = ms.partition("@")
    if ms.startswith("http") or at and kind != "local":
        raise MusterException(f"metadata({ms!r}): Muster keeps runs in folders; write local@FOLDER")
    if at or ms != "local":
        folder = os.path.abspath(place if at else ms)
        inner = os.path.join(folder, ".muster")
        _store = inner if os.path.isdir(inner) else folder
    return get_metadata()


def default_metadata():
    """Looks into the store that is found by itself."""
    global _store
    _store = None
    return get_metadata()
