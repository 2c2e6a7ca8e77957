"""Flows, runs, steps, tasks and artifacts as objects that are read when they are asked for."""

from ..errors import CaughtFailure, MusterException
from ..names import hint
from ..stored import StoredParameters
from .history import History
from .namespaces import get_namespace
from .store import MetaflowNamespaceMismatch, MetaflowNotFound, Store


def _moment(seconds):
    from datetime import datetime
    return None if seconds is None else datetime.fromtimestamp(seconds)


class _Object:
    """What all of them have: a pathspec, a parent, children, and their own end of the pathspec."""

    def __init__(self, pathspec):
        self.pathspec = pathspec

    @property
    def id(self):
        return self.pathspec.rsplit("/", 1)[-1]

    def __repr__(self):
        return f"{type(self).__name__}('{self.pathspec}')"

    __str__ = __repr__

    def __eq__(self, other):
        return type(self) is type(other) and self.pathspec == other.pathspec

    def __hash__(self):
        return hash(self.pathspec)

    @property
    def path_components(self):
        return self.pathspec.split("/")

    def __getitem__(self, name):
        raise KeyError(name)

    def __contains__(self, name):
        try:
            self[name]
            return True
        except (KeyError, MetaflowNotFound):
            return False


def _parts(pathspec, count, example):
    parts = pathspec.split("/")
    if len(parts) != count or not all(parts):
        raise MetaflowNotFound(f"'{pathspec}' is no pathspec here; write {example}")
    return parts


class Metaflow:
    """Everything in the store, by flow."""

    def __init__(self):
        self._store = Store()

    @property
    def flows(self):
        return list(self)

    def __iter__(self):
        for name in self._store.flows():
            flow = Flow(name, _store=self._store)
            if get_namespace() is None or any(True for _ in flow):
                yield flow

    def __getitem__(self, name):
        return Flow(name)

    def __repr__(self):
        return "Metaflow()"


class Flow(_Object):
    """The runs of a flow that are in the namespace, newest first."""

    def __init__(self, pathspec, _store=None, _namespace_check=True):
        super().__init__(pathspec)
        self._store = _store or Store()
        if not self._store.has_runs(pathspec):
            raise MetaflowNotFound(
                f"there is no flow '{pathspec}' in {self._store.root}{hint(pathspec, self._store.flows())}")
        if _namespace_check and get_namespace() is not None and not any(self._runs()):
            raise MetaflowNamespaceMismatch(
                f"the flow '{pathspec}' has no run in the namespace {get_namespace()}; namespace(None) shows all")

    def _runs(self, tags=()):
        for record in self._store.runs(self.pathspec):
            run = Run(f"{self.pathspec}/{record['run']}", _store=self._store, _record=record, _namespace_check=False)
            wanted = {*tags, *([get_namespace()] if get_namespace() is not None else [])}
            if wanted <= run.tags:
                yield run

    def runs(self, *tags):
        """The runs that have all of these tags."""
        return self._runs(tags)

    def __iter__(self):
        return self._runs()

    def __getitem__(self, run):
        return Run(f"{self.pathspec}/{run}", _store=self._store)

    @property
    def latest_run(self):
        return next(self._runs(), None)

    @property
    def latest_successful_run(self):
        return next((run for run in self._runs() if run.successful), None)


class Run(_Object):
    """One run: its steps, its tags, and the artifacts of its end."""

    def __init__(self, pathspec, _store=None, _record=None, _namespace_check=True):
        super().__init__(pathspec)
        self._store = _store or Store()
        self._flow, self._run = _parts(pathspec, 2, "Flow/run")
        self._record = _record or self._store.run(self._flow, self._run)
        self._history = None
        self._stored_parameters = None
        if self._record is None:
            raise MetaflowNotFound(f"there is no run {pathspec} in {self._store.root}")
        if _namespace_check and get_namespace() is not None and get_namespace() not in self.tags:
            raise MetaflowNamespaceMismatch(
                f"the run {pathspec} is not in the namespace {get_namespace()}; namespace(None) shows all")

    @property
    def _parameters(self):
        if self._stored_parameters is None:
            self._stored_parameters = StoredParameters(self._record, self._store.value)
        return self._stored_parameters

    def _now(self):
        """What is known of the run by now. A run that is over does not change any more."""
        if self._record["verdict"] is None:
            self._record = self._store.run(self._flow, self._run)
            self._history = None
        if self._history is None:
            events = self._store.events(self._flow, self._run)
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

    def steps(self):
        return iter(self)

    def __iter__(self):
        """Newest first, as Metaflow has it."""
        names = dict.fromkeys(task.step for task in self._now().tasks)
        return (Step(f"{self.pathspec}/{name}", _run=self, _is_known=True) for name in reversed(list(names)))

    def __getitem__(self, step):
        return Step(f"{self.pathspec}/{step}", _run=self)

    @property
    def end_task(self):
        """The task of the step `end`; None while it has not run."""
        return next((task for task in self._tasks("end")), None)

    def _tasks(self, step):
        for record in self._now().tasks:
            if record.step == step:
                for node in range(record.nodes or 1):
                    yield Task(_task_path(self, record, node), _run=self, _found=(record, node))

    @property
    def data(self):
        """The artifacts of the run's end."""
        task = self.end_task
        return task.data if task else None

    # How it stands

    @property
    def finished(self):
        return self._state("finished") is not None

    @property
    def successful(self):
        return self._state("verdict") == "succeeded"

    @property
    def finished_at(self):
        return _moment(self._state("finished"))

    @property
    def created_at(self):
        return _moment(self._record["created"])

    def _state(self, field):
        if self._record["verdict"] is None:
            self._record = self._store.run(self._flow, self._run)
        return self._record[field]

    @property
    def origin_run_id(self):
        return self._record.get("originRun")

    # Tags

    @property
    def user_tags(self):
        return frozenset(self._store.tags(self._flow, self._run))

    @property
    def system_tags(self):
        """What holds of a run by itself: whose it is, and in which language its flow is written."""
        return frozenset([f"user:{self._record['user']}", f"language:{self._record['manifest']['language']}"])

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
        own = self.system_tags & {*tags_to_remove}
        if own:
            raise ValueError(f"{', '.join(sorted(own))} holds by itself and cannot be removed")
        self._store.change_tags(self._flow, self._run, adding=tags_to_add, removing=tags_to_remove)

    # Code

    @property
    def code(self):
        """The folder of the code that the run took with it."""
        import os
        return os.path.join(self._store.root, "packages", self._record["package"])

    trigger = None


def _list(tag):
    return [tag] if isinstance(tag, str) else list(tag)


def _task_path(run, record, node):
    return f"{run.pathspec}/{record.step}/{record.number}" + (f"-node-{node}" if node else "")


class Step(_Object):
    """The tasks of a step."""

    def __init__(self, pathspec, _run=None, _is_known=False, _namespace_check=True):
        super().__init__(pathspec)
        if _is_known:
            self._run, self._name = _run, self.id
            return
        flow, run, self._name = _parts(pathspec, 3, "Flow/run/step")
        self._run = _run or Run(f"{flow}/{run}", _namespace_check=_namespace_check)
        if not any(record.step == self._name for record in self._run._now().tasks):
            known = list(dict.fromkeys(record.step for record in self._run._now().tasks))
            raise MetaflowNotFound(f"the run {self._run.pathspec} has no step '{self._name}' by now{hint(self._name, known)}")

    @property
    def parent(self):
        return self._run

    def tasks(self, *tags):
        return (task for task in self if {*tags} <= task.tags)

    def __iter__(self):
        return self._run._tasks(self._name)

    def __getitem__(self, task):
        return Task(f"{self.pathspec}/{task}", _run=self._run)

    @property
    def task(self):
        """One of the step's tasks; the control node's, where it is a gang."""
        return next(iter(self), None)

    @property
    def control_task(self):
        """The control node's task of a gang; None for any other step."""
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


class Task(_Object):
    """A task, or one node of a gang: its artifacts, its output, and how it ended."""

    def __init__(self, pathspec, attempt=None, _run=None, _found=None, _namespace_check=True):
        self.pathspec = pathspec
        self._attempt = attempt
        if _found:
            self._run, (self._record, self._node) = _run, _found
            return
        flow, run, step, name = _parts(pathspec, 4, "Flow/run/step/task")
        self._run = _run or Run(f"{flow}/{run}", _namespace_check=_namespace_check)
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
    def parent(self):
        return Step(self.pathspec.rsplit("/", 1)[0], _run=self._run, _is_known=True)

    # Artifacts

    @property
    def _references(self):
        """Of a task that has failed: what was there then."""
        results = self._record.results
        return results[self._node]["artifacts"] if results else self._record.left.get(self._node, {})

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
        """The artifacts by name; each is a DataArtifact."""
        from collections import namedtuple
        names = [name for name in self._names() if not name.startswith("_") and name.isidentifier()]
        return namedtuple("MetaflowArtifacts", names)(*(self[name] for name in names))

    @property
    def data(self):
        """The artifacts' values by name, read when they are touched."""
        return MetaflowData(self)

    # Output

    def loglines(self, stream, as_unicode=True):
        """(time, line) of `stdout` or `stderr`."""
        pending = {}
        for time, process, kind, data in self._log():
            if kind != stream[3]:
                continue
            *lines, rest = (pending.pop(process, b"") + data).split(b"\n")
            for line in lines:
                yield _moment(time), line.decode(errors="replace") if as_unicode else line
            if rest:
                pending[process] = rest
        for rest in pending.values():
            yield _moment(time), rest.decode(errors="replace") if as_unicode else rest

    def _origin(self):
        """The run, the number and the record of the task that did the work: this one, or the one it was taken over from."""
        run, number = self._run._run, self._record.number
        record = self._record
        while record.cloned_from:
            run, number = record.cloned_from
            record = Run(f"{self._run._flow}/{run}", _store=self._run._store, _namespace_check=False)._now().tasks[number - 1]
        return run, number, record

    def _place(self, is_origin):
        """The folder of its files, and its number there."""
        run, number, _ = self._origin() if is_origin else (self._run._run, self._record.number, None)
        return self._run._store.step_folder(self._run._flow, run, self._record.step), number

    def _log(self):
        """What the user's programs wrote: a cluster's talk of itself is left out."""
        run, number, record = self._origin()
        attempt = record.attempt if self._attempt is None else self._attempt
        records = self._run._store.log(self._run._flow, run, record.step, number, attempt, self._node)
        return (each for each in records if not 20_000 <= each[1] < 30_000)

    def _written(self, kind):
        return b"".join(data for _, _, each, data in self._log() if each == kind).decode(errors="replace")

    @property
    def stdout(self):
        return self._written("o")

    @property
    def stderr(self):
        return self._written("e")

    # How it stands

    @property
    def finished(self):
        return self._record.status in ("succeeded", "failed")

    @property
    def successful(self):
        return self._record.status == "succeeded" and not self._record.was_caught

    @property
    def exception(self):
        """Why the task failed, as an exception; None where it did not."""
        failed = self._record.status == "failed" or self._record.was_caught
        return CaughtFailure(self._record.failure) if failed else None

    @property
    def created_at(self):
        return _moment(self._record.created)

    @property
    def finished_at(self):
        return _moment(self._record.finished) if self.finished else None

    @property
    def current_attempt(self):
        return self._record.attempt if self._attempt is None else self._attempt

    @property
    def index(self):
        """The place in the innermost foreach, or the node's in a gang."""
        if self._record.nodes is not None:
            return self._node
        indices = [scope.index for scope in self._record.scopes if scope.is_foreach]
        return indices[-1] if indices else None

    @property
    def metadata_dict(self):
        """What is known of the task beside its artifacts."""
        entries = {"attempt": str(self.current_attempt), "origin-run-id": self._run.origin_run_id}
        if self._record.nodes is not None:
            entries["parallel-world-size"] = str(self._record.nodes)
            entries["internal_task_type"] = "control_task" if self._node == 0 else "worker_task"
        return {name: value for name, value in entries.items() if value is not None}

    @property
    def tags(self):
        return self._run.tags

    @property
    def code(self):
        return self._run.code

    # Neighbours

    @property
    def parent_tasks(self):
        return self._around([number for number in self._record.parents])

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


class MetaflowData:
    """The artifacts of a task as attributes."""

    def __init__(self, task):
        self.__dict__["_task"] = task

    def __getattr__(self, name):
        task = self.__dict__["_task"]
        if not task._has(name):
            raise AttributeError(f"{task.pathspec} has no artifact '{name}'{hint(name, task._names())}")
        value = task[name].data
        self.__dict__[name] = value
        return value

    def __contains__(self, name):
        return self._task._has(name)

    def __iter__(self):
        return iter(name for name in self._task._names() if not name.startswith("_"))

    def __repr__(self):
        return f"<MetaflowData: {', '.join(self)}>"


class DataArtifact(_Object):
    """One artifact of a task."""

    def __init__(self, pathspec, _found=None, _namespace_check=True):
        self.pathspec = pathspec
        if _found:
            self._task, self._name = _found
        else:
            *parts, self._name = _parts(pathspec, 5, "Flow/run/step/task/artifact")
            self._task = Task("/".join(parts), _namespace_check=_namespace_check)
        if not self._task._has(self._name):
            raise KeyError(f"{self._task.pathspec} has no artifact '{self._name}'{hint(self._name, self._task._names())}")

    @property
    def parent(self):
        return self._task

    @property
    def _reference(self):
        return self._task._references.get(self._name) or self._task._run._parameters.reference(self._name)

    @property
    def data(self):
        reference = self._task._references.get(self._name)
        if reference is None:
            return self._task._run._parameters.value(self._name)
        return self._task._run._store.value(reference, self._name)

    @property
    def sha(self):
        reference = self._reference
        return reference["digest"] if reference else None

    @property
    def size(self):
        """Bytes as stored."""
        reference = self._reference
        return reference["size"] if reference else None

    @property
    def finished_at(self):
        return self._task.finished_at
