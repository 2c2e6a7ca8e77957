"""Flows and runs. Their attributes are read from the store at each use."""

from ..errors import MetaflowNamespaceMismatch, MetaflowNotFound, MetaflowTaggingError, MusterException
from ..names import hint
from .base import MetaflowObject, moment
from .data import DataArtifact, MetaflowData
from .history import History
from .namespaces import get_namespace
from .store import Store
from .tasks import Step, Task, _task_path

__all__ = ["DataArtifact", "Flow", "Metaflow", "MetaflowData", "Run", "Step", "Task"]

# The limits of Metaflow: characters of a tag, and tags of a run.
LONGEST_TAG = 500
MOST_TAGS = 50


class Metaflow:
    """The flows of the store that have runs in the namespace."""

    def __init__(self):
        self._store = Store()

    @property
    def flows(self):
        return list(self)

    def __iter__(self):
        for name in self._store.database.flows():
            flow = Flow(name, _store=self._store, _namespace_check=False)
            if get_namespace() is None or flow.is_in_namespace():
                yield flow

    def __getitem__(self, name):
        return Flow(name)

    def __repr__(self):
        return "Metaflow()"

    def _ipython_key_completions_(self):
        return [flow.id for flow in self]


class Flow(MetaflowObject):
    """The runs of a flow that are in the namespace, newest first."""

    _shape = "Flow"
    # Only runs have tags.
    user_tags = system_tags = tags = frozenset()
    parent = None

    def __init__(self, pathspec=None, attempt=None, _store=None, _namespace_check=True):
        super().__init__(pathspec, attempt)
        self._parts()
        self._store = _store or Store()
        if not self._store.database.has_runs(pathspec):
            raise MetaflowNotFound(
                f"there is no flow '{pathspec}' in {self._store.root}{hint(pathspec, self._store.database.flows())}")
        if _namespace_check and get_namespace() is not None and not any(self._runs()):
            raise MetaflowNamespaceMismatch(
                f"the flow '{pathspec}' has no run in the namespace {get_namespace()}; namespace(None) shows all")

    def _runs(self, tags=()):
        wanted = {*tags, *([get_namespace()] if get_namespace() is not None else [])}
        for record in self._store.database.runs(self.pathspec):
            run = Run(f"{self.pathspec}/{record['run']}", _store=self._store, _record=record, _namespace_check=False)
            # A run's tags cost a query each.
            if not wanted or wanted <= run.tags:
                yield run

    def runs(self, *tags):
        """The runs that have all of these tags."""
        return self._runs(tags)

    def __iter__(self):
        return self._runs()

    def __getitem__(self, run):
        return Run(f"{self.pathspec}/{run}", _store=self._store)

    @property
    def created_at(self):
        """The creation time of its first run."""
        return moment(self._store.database.first_run(self.pathspec))

    def is_in_namespace(self):
        return any(True for _ in self)

    @property
    def latest_run(self):
        return next(self._runs(), None)

    @property
    def latest_successful_run(self):
        return next((run for run in self._runs() if run.successful), None)


class Run(MetaflowObject):
    """One run: its steps, its tags, and the artifacts of its end."""

    _shape = "Flow/run"

    def __init__(self, pathspec=None, attempt=None, _store=None, _record=None, _namespace_check=True):
        super().__init__(pathspec, attempt)
        self._store = _store or Store()
        self._flow, self._run = self._parts()
        self._record = _record or self._store.database.run(self._flow, self._run)
        self._history = None
        self._stored_parameters = None
        self._steps = {}
        if self._record is None:
            raise MetaflowNotFound(f"there is no run {pathspec} in {self._store.root}")
        if _namespace_check and get_namespace() is not None and get_namespace() not in self.tags:
            raise MetaflowNamespaceMismatch(
                f"the run {pathspec} is not in the namespace {get_namespace()}; namespace(None) shows all")

    @property
    def _parameters(self):
        if self._stored_parameters is None:
            from ..stored import StoredParameters
            self._stored_parameters = StoredParameters(self._record, self._store.values.read)
        return self._stored_parameters

    def _now(self):
        """The history of the run. It is read again at each use until the run has ended."""
        if self._record["verdict"] is None:
            self._record = self._store.database.run(self._flow, self._run)
            self._history = None
        if self._history is None:
            events = self._store.database.events(self._flow, self._run, self._record["verdict"] is not None)
            try:
                self._history = History(self._record["manifest"], events)
            except Exception as error:
                raise MusterException(
                    f"the events of the run {self._flow}/{self._run} do not fit its flow ({type(error).__name__}: {error}); "
                    "the store was damaged or written by another version") from None
        return self._history

    @property
    def parent(self):
        return Flow(self._flow, _store=self._store, _namespace_check=False)

    # Steps

    def steps(self, *tags):
        """The steps; none if the run lacks one of the tags."""
        return self._with_tags(tags)

    def __iter__(self):
        """Newest first, as Metaflow has it."""
        return (self._step(name) for name in reversed(list(self._now().tasks_of)))

    def _step(self, name):
        """The Step of a name that occurs in the history."""
        step = self._steps.get(name)
        if step is None:
            step = self._steps[name] = Step(f"{self.pathspec}/{name}", _run=self, _is_known=True)
        return step

    def __getitem__(self, step):
        return Step(f"{self.pathspec}/{step}", _run=self)

    @property
    def end_task(self):
        """The task of the flow's last step; None until it is created."""
        return next((task for task in self._tasks(self._record["manifest"].get("end", "end"))), None)

    def _tasks(self, step):
        for record in self._now().tasks_of.get(step, ()):
            for node in range(record.nodes or 1):
                yield Task(_task_path(self, record, node), _run=self, _found=(record, node))

    @property
    def data(self):
        """The artifacts of the last step."""
        task = self.end_task
        return task.data if task else None

    # State

    @property
    def finished(self):
        return self._state("finished") is not None

    @property
    def successful(self):
        """True if the run has ended well. A failure of the last step counts although @catch took it, as under Metaflow."""
        if self._state("verdict") != "succeeded":
            return False
        manifest = self._record["manifest"]
        last = next((each for each in manifest["steps"] if each["name"] == manifest.get("end", "end")), {})
        return "catchInto" not in last.get("settings", {}) or self.end_task.successful

    @property
    def finished_at(self):
        return moment(self._state("finished"))

    @property
    def created_at(self):
        return moment(self._record["created"])

    def _state(self, field):
        if self._record["verdict"] is None:
            self._record = self._store.database.run(self._flow, self._run)
        return self._record[field]

    @property
    def origin_run_id(self):
        return self._record.get("originRun")

    @property
    def origin_pathspec(self):
        return f"{self._flow}/{self.origin_run_id}" if self.origin_run_id else None

    # Tags

    @property
    def user_tags(self):
        return frozenset(self._store.database.tags(self._flow, self._run))

    @property
    def system_tags(self):
        """Tags that every run has: user, language, date, and those of its flow."""
        manifest = self._record["manifest"]
        return frozenset([
            f"user:{self._record['user']}", f"language:{manifest['language']}", f"date:{self.created_at:%Y-%m-%d}",
            *manifest.get("systemTags", [])])

    @property
    def tags(self):
        return self.user_tags | self.system_tags

    def add_tag(self, tag):
        self.add_tags(_list(tag))

    def add_tags(self, tags):
        self.replace_tags([], tags)

    def remove_tag(self, tag):
        self.remove_tags(_list(tag))

    def remove_tags(self, tags):
        self.replace_tags(tags, [])

    def replace_tag(self, tag_to_remove, tag_to_add):
        self.replace_tags(_list(tag_to_remove), _list(tag_to_add))

    def replace_tags(self, tags_to_remove, tags_to_add):
        removed, added = {*tags_to_remove}, {*tags_to_add}
        for tag in added:
            if not isinstance(tag, (str, bytes)) or not tag or len(tag) > LONGEST_TAG:
                raise MetaflowTaggingError(f"{tag!r} is no tag; a tag is a text of 1 to {LONGEST_TAG} characters")
        added = {tag.decode() if isinstance(tag, bytes) else tag for tag in added}
        own = self.system_tags
        if own & removed:
            raise MetaflowTaggingError(f"{', '.join(sorted(own & removed))} holds by itself and cannot be removed")
        before = self.user_tags
        after = before - removed | added - own
        if len(after) > max(MOST_TAGS, len(before)):
            raise MetaflowTaggingError(f"a run has {MOST_TAGS} tags at most, and this would make {len(after)}")
        self._store.database.change_tags(self._flow, self._run, adding=added - own, removing=removed)

    # Code

    @property
    def code(self):
        """The run's code package."""
        from .code import MetaflowCode
        from .facts import code_package
        return MetaflowCode(self._flow, code_package(self))

    trigger = None


def _list(tag):
    return [tag] if isinstance(tag, str) else list(tag)
