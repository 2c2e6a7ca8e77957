"""The base of flows, runs, steps, tasks and artifacts."""

from ..errors import MetaflowInvalidPathspec, MetaflowNotFound
from .namespaces import get_namespace


def moment(seconds):
    from datetime import datetime
    return None if seconds is None else datetime.fromtimestamp(seconds)


class MetaflowObject:
    """An object with a pathspec, a parent, children, tags, and an id, which is the last part of the pathspec.

    attempt: of a task or an artifact, the attempt that is meant; None for the newest.
    """

    # The form of its pathspec.
    _shape = ""
    _has_attempts = False
    # Set by each class.
    pathspec = parent = created_at = None

    def __init__(self, pathspec=None, attempt=None):
        self.pathspec = pathspec
        self._attempt = self._number(attempt)

    def _number(self, attempt):
        if attempt is None:
            return None
        if not self._has_attempts:
            raise MetaflowNotFound(f"{type(self).__name__} has no attempts; a Task or a DataArtifact has")
        try:
            number = int(attempt)
        except (TypeError, ValueError):
            number = -1
        if number < 0:
            raise MetaflowNotFound(f"an attempt is a whole number from 0 on, not {attempt!r}")
        return number

    def _parts(self):
        """The parts of the pathspec. Raises MetaflowInvalidPathspec where their number is wrong."""
        parts = str(self.pathspec).split("/")
        if len(parts) != self._shape.count("/") + 1 or not all(parts):
            raise MetaflowInvalidPathspec(
                f"'{self.pathspec}' is no pathspec here; write {type(self).__name__}('{self._shape}')")
        return parts

    @property
    def id(self):
        return self.pathspec.rsplit("/", 1)[-1]

    def __repr__(self):
        attempt = "" if self._attempt is None else f", attempt={self._attempt}"
        return f"{type(self).__name__}('{self.pathspec}'{attempt})"

    __str__ = __repr__

    def __eq__(self, other):
        return type(self) is type(other) and (self.pathspec, self._attempt) == (other.pathspec, other._attempt)

    def __hash__(self):
        return hash(self.pathspec)

    def __reduce__(self):
        return _read_again, (type(self), self.pathspec, self._attempt, self._store.root)

    @property
    def path_components(self):
        return self.pathspec.split("/")

    # Children

    def __iter__(self):
        return iter(())

    def __getitem__(self, name):
        raise MetaflowNotFound(f"{self} has nothing inside of it, and so no {name!r}")

    def __contains__(self, name):
        try:
            self[name]
            return True
        except KeyError:
            return False

    def _with_tags(self, tags):
        return (child for child in self if {*tags} <= child.tags)

    def _ipython_key_completions_(self):
        return [child.id for child in self]

    # Tags belong to runs; other objects have those of their run.

    @property
    def user_tags(self):
        return self._run.user_tags

    @property
    def system_tags(self):
        return self._run.system_tags

    @property
    def tags(self):
        return self._run.tags

    def is_in_namespace(self):
        """True if the object is in the namespace in use."""
        return get_namespace() is None or get_namespace() in self.tags

    # The pathspec of the same object in the run that a resumed run has reused it from, else None.
    origin_pathspec = None


def _read_again(kind, pathspec, attempt, root):
    from . import objects
    from .store import Store
    if kind is objects.Flow or kind is objects.Run:
        return kind(pathspec, _store=Store(root), _namespace_check=False)
    run = objects.Run("/".join(pathspec.split("/")[:2]), _store=Store(root), _namespace_check=False)
    return kind(pathspec, _run=run) if kind is objects.Step else kind(pathspec, attempt=attempt, _run=run)
