"""The state of a run and of its tasks, replayed from the run's events by the rules of Documentation/Events.md.

A task has no event of its own: tasks are created in the order in which results name the steps that follow, so the same
events always give the same tasks with the same numbers.
"""

import json

# Failures that a place caused have a retry budget of their own.
PLACE_FAILURE = "place.failed"
PLACE_RETRIES = 3


class TaskRecord:
    """The state of one task."""

    # ready, running, succeeded or failed
    status = "ready"
    # Once it has succeeded, of each node: the references of its artifacts by name.
    artifacts = None
    # By node: the artifacts that the last failed attempt had set.
    left = {}
    # The step that its foreach leads to.
    foreach_to = None
    failure = finished = cloned_from = None
    attempt = failures = place_failures = 0
    was_caught = False

    def __init__(self, number, step, parents, scopes, nodes, created):
        self.number, self.step, self.parents, self.scopes, self.nodes = number, step, parents, scopes, nodes
        self.created = created


class Scope:
    """A foreach or a branch that a task is inside of."""

    __slots__ = ("origin", "index", "count", "is_foreach")

    def __init__(self, origin, index, count, is_foreach):
        self.origin, self.index, self.count, self.is_foreach = origin, index, count, is_foreach


class History:
    """The tasks of a run after all of its events, in the order of their numbers."""

    def __init__(self, manifest, events):
        self.steps = {step["name"]: step for step in manifest["steps"]}
        self._start = manifest.get("start", "start")
        self._joins = {name for name, step in self.steps.items() if "join" in step}
        self.tasks = []
        # The same by step, the steps in the order of their first tasks.
        self.tasks_of = {}
        # By the task that split: the tasks that have come to the join, by index.
        self._waiting = {}
        # After a cancellation or a failure that ends the run, tasks that run may end and no task follows them.
        self._is_draining = False
        # One JSON text instead of one for each event saves 3 ms of 50, Benchmarks: python-client.
        payloads = iter(json.loads(b"[" + b",".join([event[4] for event in events if event[4] is not None]) + b"]"))
        for time, kind, number, attempt, payload in events:
            fields = None if payload is None else next(payloads)
            if number is None:
                self._apply_to_run(time, kind)
            else:
                self._apply(self.tasks[number - 1], time, kind, attempt, fields)

    def _apply_to_run(self, time, kind):
        if kind == "started":
            self._create(self._start, [], [], None, time)
        elif kind == "cancelled":
            self._is_draining = True

    def _apply(self, task, time, kind, attempt, fields):
        if kind == "attemptSubmitted":
            return
        if attempt is not None:
            task.attempt = attempt
        if kind == "attemptStarted":
            task.status = "running"
            return
        task.finished = time
        if kind == "attemptSucceeded":
            self._complete(task, fields, time)
        elif kind == "cloned":
            task.cloned_from = (fields["fromRun"], fields["fromTask"])
            self._complete(task, fields["nodes"], time)
        elif kind == "attemptFailed":
            task.failure = fields["failure"]
            task.left = _left(fields)
            if fields["failure"]["code"] == PLACE_FAILURE:
                task.place_failures += 1
            else:
                task.failures += 1
            if fields.get("caught"):
                task.was_caught = True
                self._complete(task, fields["caught"], time)
            elif self._is_retried(task):
                task.status = "ready"
            else:
                task.status = "failed"
                self._is_draining = True
        elif kind == "attemptInterrupted":
            task.status = "ready"

    def _is_retried(self, task):
        if task.failure["code"] == PLACE_FAILURE:
            return not self._is_draining and task.place_failures <= PLACE_RETRIES
        retry = self.steps.get(task.step, {}).get("settings", {}).get("retry", {})
        can_retry = task.failure["code"] not in ("run.cancelled", "gang.refused", "step.protocol")
        return not self._is_draining and can_retry and task.failures <= retry.get("times", 0)

    def _create(self, step, parents, scopes, nodes, time):
        task = TaskRecord(len(self.tasks) + 1, step, parents, scopes, nodes, time)
        self.tasks.append(task)
        self.tasks_of.setdefault(step, []).append(task)

    def _complete(self, task, results, time):
        task.status = "succeeded"
        task.artifacts = [result["artifacts"] for result in results]
        if self._is_draining:
            return
        (kind, fields), = results[0]["transition"].items()
        if kind == "step":
            step = fields["to"]
            if step in self._joins:
                self._arrive(task, step, time)
            else:
                self._create(step, [task.number], task.scopes, None, time)
        elif kind == "nodes":
            self._create(fields["to"], [task.number], task.scopes, fields["count"], time)
        elif kind in ("branches", "foreach"):
            is_foreach = kind == "foreach"
            task.foreach_to = fields["to"] if is_foreach else None
            count = fields["count"] if is_foreach else len(fields["to"])
            parents = [task.number]
            for index in range(count):
                step = fields["to"] if is_foreach else fields["to"][index]
                scope = Scope(task.number, index, count, is_foreach)
                self._create(step, parents, task.scopes + [scope], None, time)

    def _arrive(self, task, join, time):
        """Creates the join's task once all tasks of the split have arrived."""
        if task.nodes is not None:
            self._create(join, [task.number], task.scopes, None, time)
            return
        scope = task.scopes[-1]
        arrived = self._waiting.setdefault(scope.origin, {})
        arrived[scope.index] = task.number
        if len(arrived) == scope.count:
            del self._waiting[scope.origin]
            self._create(join, [arrived[index] for index in sorted(arrived)], task.scopes[:-1], None, time)


class AttemptRecord:
    """One attempt of a task: its times, how it ended, and by node the artifacts that it set."""

    # running, succeeded, failed, caught or interrupted
    status = "running"
    finished = failure = None
    artifacts = {}

    def __init__(self, number, started):
        self.number, self.started = number, started


def attempts(events):
    """The attempts of one task, in order, from its events. A task that was taken over from another run has one."""
    found = []
    for time, kind, _, attempt, payload in events:
        fields = json.loads(payload) if payload else None
        if kind == "attemptStarted":
            found.append(AttemptRecord(attempt, time))
            continue
        if kind == "attemptSubmitted":
            continue
        record = next((each for each in reversed(found) if each.number == attempt), None)
        if record is None:
            record = AttemptRecord(attempt or 0, time)
            found.append(record)
        record.finished = time
        if kind == "attemptInterrupted":
            record.status = "interrupted"
        elif kind == "attemptFailed":
            record.failure = fields["failure"]
            record.status = "caught" if fields.get("caught") else "failed"
            record.artifacts = _by_node(fields["caught"]) if fields.get("caught") else _left(fields)
        else:
            record.status = "succeeded"
            record.artifacts = _by_node(fields["nodes"] if kind == "cloned" else fields)
    return found


def _by_node(results):
    return {node: result["artifacts"] for node, result in enumerate(results)}


def _left(fields):
    """The artifacts that a failed attempt had set, by node."""
    return {int(node): artifacts for node, artifacts in (fields.get("left") or {}).items()}
