"""Steps and tasks of a run."""

from ..errors import Failure, MetaflowNotFound
from ..names import hint
from .base import MetaflowObject, moment
from .data import DataArtifact, MetaflowData
from .history import attempts


def _run_of(flow, run, checks_namespace, store=None):
    from .objects import Run
    return Run(f"{flow}/{run}", _store=store, _namespace_check=checks_namespace)


def _task_path(run, record, node):
    return f"{run.pathspec}/{record.step}/{record.number}" + (f"-node-{node}" if node else "")


class Step(MetaflowObject):
    """The tasks of a step."""

    _shape = "Flow/run/step"

    def __init__(self, pathspec=None, attempt=None, _run=None, _is_known=False, _namespace_check=True):
        super().__init__(pathspec, attempt)
        if _is_known:
            self._run, self._name = _run, self.id
            return
        flow, run, self._name = self._parts()
        self._run = _run or _run_of(flow, run, _namespace_check)
        known = self._run._now().tasks_of
        if self._name not in known:
            raise MetaflowNotFound(f"the run {self._run.pathspec} has no step '{self._name}' by now{hint(self._name, known)}")

    @property
    def _store(self):
        return self._run._store

    @property
    def parent(self):
        return self._run

    @property
    def origin_pathspec(self):
        origin = self._run.origin_pathspec
        return origin and f"{origin}/{self._name}"

    def tasks(self, *tags):
        """The tasks; none if the run lacks one of the tags."""
        return self._with_tags(tags)

    def __iter__(self):
        return self._run._tasks(self._name)

    def __getitem__(self, task):
        return Task(f"{self.pathspec}/{task}", _run=self._run)

    @property
    def task(self):
        """The first task; of a gang the control node's."""
        return next(iter(self), None)

    @property
    def control_task(self):
        """The control node's task of the first gang; None for a step without gangs."""
        return next(self.control_tasks(), None)

    def control_tasks(self, *tags):
        return (task for task in self.tasks(*tags) if task._record.nodes is not None and task._node == 0)

    def _neighbours(self, towards):
        names = {name for task in self for name in towards(task)}
        return (Step(f"{self._run.pathspec}/{name}", _run=self._run) for name in sorted(names))

    @property
    def parent_steps(self):
        return self._neighbours(lambda task: [parent._record.step for parent in task.parent_tasks])

    @property
    def child_steps(self):
        return self._neighbours(lambda task: [child._record.step for child in task.child_tasks])

    @property
    def finished_at(self):
        moments = [task.finished_at for task in self]
        return None if None in moments else max(moments)

    @property
    def created_at(self):
        return min(task.created_at for task in self)

    @property
    def environment_info(self):
        return next((task.environment_info for task in self), None)


class Task(MetaflowObject):
    """A task, or one node of a gang: its artifacts, its output and its state.

    With `attempt`, all of that is of this attempt.
    """

    _shape = "Flow/run/step/task"
    _has_attempts = True

    def __init__(self, pathspec=None, attempt=None, _run=None, _found=None, _namespace_check=True):
        if _found:
            self.pathspec, self._attempt = pathspec, None
            self._run, (self._record, self._node) = _run, _found
            return
        super().__init__(pathspec, attempt)
        flow, run, step, name = self._parts()
        self._run = _run or _run_of(flow, run, _namespace_check)
        self._record, self._node = self._find(step, name)

    def _find(self, step, name):
        number, _, node = name.partition("-node-")
        tasks = self._run._now().tasks
        if number.isdigit() and 0 < int(number) <= len(tasks):
            record = tasks[int(number) - 1]
            node = int(node) if node.isdigit() else 0
            if record.step == step and node < (record.nodes or 1):
                return record, node
        raise MetaflowNotFound(f"the run {self._run.pathspec} has no task {step}/{name}")

    @property
    def _meant(self):
        """The record of the attempt that the object was made for; None if it has not begun."""
        return next((each for each in self._attempts() if each.number == self._attempt), None)

    def _attempts(self):
        """The records of all attempts, in order."""
        return attempts(self._store.database.events_of(self._run._flow, self._run._run, self._record.number))

    @property
    def _store(self):
        return self._run._store

    @property
    def parent(self):
        return self._run._step(self._record.step)

    # Artifacts

    @property
    def _references(self):
        """The references of the artifacts by name; of a failed task those that it had set."""
        if self._attempt is not None:
            meant = self._meant
            return meant.artifacts.get(self._node, {}) if meant else {}
        artifacts = self._record.artifacts
        return self._record.left.get(self._node, {}) if artifacts is None else artifacts[self._node]

    def _names(self):
        return [*self._references, *(name for name in self._run._parameters if name not in self._references)]

    def _has(self, name):
        return name in self._references or name in self._run._parameters

    def __iter__(self):
        return (self[name] for name in self._names() if not name.startswith("_"))

    def __getitem__(self, name):
        return DataArtifact(f"{self.pathspec}/{name}", _found=(self, name))

    @property
    def artifacts(self):
        """A namedtuple of the DataArtifacts."""
        from collections import namedtuple
        names = [name for name in self._names() if not name.startswith("_") and name.isidentifier()]
        return namedtuple("MetaflowArtifacts", names)(*(self[name] for name in names))

    @property
    def data(self):
        """The artifacts' values as attributes. Each is read at its first use."""
        return MetaflowData(self)

    # Output

    def loglines(self, stream, as_unicode=True, meta_dict=None):
        """(time, line) of `stdout` or `stderr`; times are UTC.

        meta_dict: accepted for compatibility with Metaflow and ignored.
        """
        from datetime import datetime, timezone

        def utc(microseconds):
            return datetime.fromtimestamp(microseconds / 1e6, timezone.utc).replace(tzinfo=None)

        pending = {}
        for time, process, kind, data in self._log():
            if kind != stream[3]:
                continue
            *lines, rest = (pending.pop(process, b"") + data).split(b"\n")
            for line in lines:
                yield utc(time), line.decode(errors="replace") if as_unicode else line
            if rest:
                pending[process] = rest
        for rest in pending.values():
            yield utc(time), rest.decode(errors="replace") if as_unicode else rest

    def _origin(self):
        """The run, number and record of the task that has run: this one, or the one whose results it has reused."""
        run, number = self._run._run, self._record.number
        record = self._record
        while record.cloned_from:
            run, number = record.cloned_from
            record = _run_of(self._run._flow, run, False, self._run._store)._now().tasks[number - 1]
        return run, number, record

    def _place(self, is_origin):
        """The flow, run and step in whose folder its files are, and the task's number in their names."""
        run, number, _ = self._origin() if is_origin else (self._run._run, self._record.number, None)
        return (self._run._flow, run, self._record.step), number

    def _log(self):
        """The records of the log without those of the cluster's services."""
        run, number, record = self._origin()
        attempt = record.attempt if self._attempt is None else self._attempt
        records = self._store.files.log(self._run._flow, run, record.step, number, attempt, self._node)
        return (each for each in records if not 20_000 <= each[1] < 30_000)

    def _written(self, kind):
        return b"".join(data for _, _, each, data in self._log() if each == kind)

    @property
    def stdout(self):
        return self._written("o").decode(errors="replace")

    @property
    def stderr(self):
        return self._written("e").decode(errors="replace")

    @property
    def stdout_size(self):
        """Bytes."""
        return len(self._written("o"))

    @property
    def stderr_size(self):
        """Bytes."""
        return len(self._written("e"))

    # State

    @property
    def _status(self):
        """ready, running, succeeded, failed or caught."""
        if self._attempt is not None:
            meant = self._meant
            return meant.status if meant else "ready"
        return "caught" if self._record.was_caught else self._record.status

    @property
    def finished(self):
        return self._status in ("succeeded", "failed", "caught")

    @property
    def successful(self):
        return self._status == "succeeded"

    @property
    def exception(self):
        """The failure as an exception; None if the task has not failed, or @catch took the failure."""
        if self._status != "failed":
            return None
        return Failure(self._record.failure if self._attempt is None else self._meant.failure)

    @property
    def created_at(self):
        return moment(self._record.created)

    @property
    def finished_at(self):
        if self._attempt is not None:
            meant = self._meant
            return moment(meant.finished) if meant else None
        return moment(self._record.finished) if self.finished else None

    @property
    def current_attempt(self):
        return self._record.attempt if self._attempt is None else self._attempt

    @property
    def index(self):
        """The index in the innermost foreach; in a gang the index of the node."""
        if self._record.nodes is not None:
            return self._node
        indices = [scope.index for scope in self._record.scopes if scope.is_foreach]
        return indices[-1] if indices else None

    @property
    def metadata(self):
        """The metadata of all attempts, with Metaflow's names."""
        from .facts import entries
        found = entries(self)
        if self._record.cloned_from:
            # A reused task has no log or attempts of its own: entries that it lacks are those of its origin.
            known = {each.name for each in found}
            newest = {each.name: each for each in self._origin_task().metadata}
            found += [each._replace(task=self) for name, each in newest.items() if name not in known]
        return found

    @property
    def metadata_dict(self):
        """The newest value of each name."""
        return {each.name: each.value for each in sorted(self.metadata, key=lambda each: each.created_at)}

    @property
    def runtime_name(self):
        return next((tag.split(":")[1] for tag in self.tags if tag.startswith("runtime:")), None)

    @property
    def code(self):
        return self._run.code

    @property
    def environment_info(self):
        return "Local environment"

    # The task whose results it has reused

    @property
    def origin_pathspec(self):
        return self._origin_task().pathspec if self._record.cloned_from else None

    def _origin_task(self):
        run, number = self._record.cloned_from
        origin = _run_of(self._run._flow, run, False, self._run._store)
        record = origin._now().tasks[number - 1]
        return Task(_task_path(origin, record, self._node), _run=origin, _found=(record, self._node))

    # Neighbours

    @property
    def parent_tasks(self):
        return self._around(self._record.parents)

    @property
    def parent_task_pathspecs(self):
        return (task.pathspec for task in self.parent_tasks)

    @property
    def child_task_pathspecs(self):
        return (task.pathspec for task in self.child_tasks)

    @property
    def child_tasks(self):
        mine = self._record.number
        return self._around([task.number for task in self._run._now().tasks if mine in task.parents])

    def _around(self, numbers):
        tasks = self._run._now().tasks
        for number in numbers:
            for node in range(tasks[number - 1].nodes or 1):
                record = tasks[number - 1]
                yield Task(_task_path(self._run, record, node), _run=self._run, _found=(record, node))
