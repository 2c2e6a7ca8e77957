"""Artifacts, as objects and as attributes."""

from ..errors import MetaflowNotFound
from ..names import hint
from .base import MetaflowObject


class MetaflowData:
    """The artifacts of a task as attributes. Each is read at its first use."""

    def __init__(self, task):
        self.__dict__["_task"] = task

    def __getattr__(self, name):
        task = self.__dict__.get("_task")
        if task is None:
            raise AttributeError(name)
        if not task._has(name):
            raise AttributeError(f"{task.pathspec} has no artifact '{name}'{hint(name, task._names())}")
        value = task[name].data
        self.__dict__[name] = value
        return value

    def __contains__(self, name):
        return self._task._has(name)

    def __iter__(self):
        return iter(name for name in self._task._names() if not name.startswith("_"))

    def __dir__(self):
        return [*self, *object.__dir__(self)]

    def __repr__(self):
        return f"<MetaflowData: {', '.join(self)}>"


class DataArtifact(MetaflowObject):
    """One artifact of a task."""

    _shape = "Flow/run/step/task/artifact"
    _has_attempts = True

    def __init__(self, pathspec=None, attempt=None, _found=None, _run=None, _namespace_check=True):
        if _found:
            self._task, self._name = _found
            self.pathspec, self._attempt = pathspec, self._task._attempt
        else:
            from .tasks import Task
            super().__init__(pathspec, attempt)
            *parts, self._name = self._parts()
            self._task = Task("/".join(parts), attempt=attempt, _run=_run, _namespace_check=_namespace_check)
        # None for a parameter.
        self._stored = self._task._references.get(self._name)
        if self._stored is None and not self._task._has(self._name):
            raise MetaflowNotFound(f"{self._task.pathspec} has no artifact '{self._name}'{hint(self._name, self._task._names())}")

    @property
    def _run(self):
        return self._task._run

    @property
    def _store(self):
        return self._task._run._store

    @property
    def parent(self):
        return self._task

    @property
    def _reference(self):
        return self._stored or self._run._parameters.reference(self._name)

    @property
    def data(self):
        run = self._task._run
        if self._stored is None:
            return run._parameters.value(self._name)
        return run._store.values.read(self._stored, self._name)

    @property
    def sha(self):
        reference = self._reference
        return reference["digest"] if reference else None

    @property
    def size(self):
        """The size in the store, in bytes."""
        reference = self._reference
        return reference["size"] if reference else None

    @property
    def created_at(self):
        return self._task.finished_at

    finished_at = created_at

    @property
    def origin_pathspec(self):
        origin = self._task.origin_pathspec
        return origin and f"{origin}/{self._name}"
