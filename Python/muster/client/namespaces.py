"""The namespace, which is a tag that runs must have to be seen, and the store that the client reads."""

import os

from ..errors import MusterException
from ..running import running

_UNSET = object()
_chosen = _UNSET


def get_namespace():
    """The namespace in use; None stands for all runs."""
    if _chosen is not _UNSET:
        return _chosen
    if running.task is not None:
        # `run --namespace=` shows all runs to its tasks.
        return None if running.told("namespace") == "" else running.namespace
    from ..users import identity
    return identity()


def namespace(name):
    """Makes a tag the namespace from now on, or with None shows all runs."""
    global _chosen
    _chosen = name
    return name


def default_namespace():
    """Makes this user's own tag the namespace again."""
    global _chosen
    _chosen = _UNSET
    return get_namespace()


# Metaflow calls `metadata` what is a store here.

_store = None


def chosen_store():
    """The store that was given to `metadata`, or None."""
    return _store


def get_metadata():
    """The store in use, as `local@FOLDER`."""
    from .layout import locate
    return f"local@{locate()}"


def metadata(ms):
    """Reads another store from now on. ms: the store, a folder with one, or a bucket, also as `local@FOLDER`."""
    global _store
    kind, at, place = ms.partition("@")
    if ms.startswith("http") or at and kind != "local":
        raise MusterException(f"metadata({ms!r}): Muster keeps runs in folders and buckets; write local@FOLDER or s3://…")
    if ms.startswith("s3://") or place.startswith("s3://"):
        _store = place or ms
    elif at or ms != "local":
        folder = os.path.abspath(place if at else ms)
        inner = os.path.join(folder, ".muster")
        _store = inner if os.path.isdir(inner) else folder
    return get_metadata()


def default_metadata():
    """Reads the store that `locate` finds without `metadata`."""
    global _store
    _store = None
    return get_metadata()
