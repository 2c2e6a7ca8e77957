"""The running task as an object of the client, which the classes of other packages' cards get to render."""

from ..client.data import DataArtifact
from ..client.objects import Run
from ..client.tasks import Task


class LiveTask(Task):
    """A task with the artifacts that the flow object has at this moment. All other data are read from the store.

    is_over: true once its body has ended.
    """

    def __init__(self, running, is_over):
        self.pathspec, self._attempt = running.current.pathspec, None
        self._running, self._is_over = running, is_over
        self._node = running.node
        self._found = {}

    @property
    def _run(self):
        if "run" not in self._found:
            self._found["run"] = Run("/".join(self.pathspec.split("/")[:2]), _namespace_check=False)
        return self._found["run"]

    @property
    def _record(self):
        if "record" not in self._found:
            _, _, step, name = self.pathspec.split("/")
            self._found["record"], _ = self._find(step, name)
        return self._found["record"]

    # Artifacts

    @property
    def _references(self):
        return self._running.flow._state.references

    def _names(self):
        from ..flow.members import parameters
        own = [name for name in self._running.flow.__dict__ if name != "_state"]
        return list(dict.fromkeys([*own, *self._references, *parameters(self._running.flow_class)]))

    def _has(self, name):
        return name in self._names()

    def __getitem__(self, name):
        return LiveArtifact(f"{self.pathspec}/{name}", _found=(self, name))

    # State

    finished = property(lambda self: self._is_over)
    successful = property(lambda self: self._is_over)
    exception = None
    current_attempt = property(lambda self: self._running.current.retry_count)
    index = property(lambda self: self._running.index)


class LiveArtifact(DataArtifact):
    """An artifact of a LiveTask."""

    @property
    def data(self):
        return getattr(self._task._running.flow, self._name)

    @property
    def _reference(self):
        return self._task._references.get(self._name)
