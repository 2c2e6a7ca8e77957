"""Whose runs the client looks at: those with one tag, or all."""

from ..users import user

_UNSET = object()
_chosen = _UNSET


def get_namespace():
    """The namespace in use; None means that every run is seen."""
    if _chosen is not _UNSET:
        return _chosen
    from ..running import current
    if current.is_running_flow:
        return current.namespace
    return f"user:{user()}"


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
