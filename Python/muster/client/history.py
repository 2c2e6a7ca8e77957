"""A run's tasks, as its events make them. Tasks are no events: the same events always make the same tasks.

The rules are those of Documentation/Events.md; numbers are given in the order in which results name what comes next.
"""

from .quick import from_json

# Failures that a place caused have a retry budget of their own.
PLACE_FAILURE = "place.failed"
PLACE_RETRIES = 3


class TaskRecord:
    """One task: its place in the run, and how it stands."""

    # ready, running, succeeded or failed
    status = "ready"
    results = ()
    # By node: the artifacts that were there when its last failed attempt failed.
    left = {}
    failure = started = finished = cloned_from = None
    attempt = failures = place_failures = 0
    was_caught = False

    def __init__(self, number, step, parents, scopes, nodes, created):
        self.number, self.step, self.parents, self.scopes, self.nodes = number, step, parents, scopes, nodes
        self.created = created


class Scope:
    """A fan-out that a task is inside of."""

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
        self._waiting = {}
        # After a failure that ends the run, or a cancellation, what runs may end and nothing follows it.
        self._is_draining = False
        # All at once: a text of its own costs more than what stands in it.
        payloads = iter(from_json(b"[" + b",".join(event[4] for event in events if event[4] is not None) + b"]"))
        for time, kind, number, attempt, payload in events:
            fields = None if payload is None else next(payloads)
            if number is None:
                self._apply_to_run(time, kind)
            elif kind == "attemptStarted":
                task = self.tasks[number - 1]
                task.status, task.attempt = "running", attempt
                task.started = task.started or time
            elif kind != "attemptSubmitted":
                self._apply(self.tasks[number - 1], time, kind, fields)

    def _apply_to_run(self, time, kind):
        if kind == "started":
            self._create(self._start, [], [], None, time)
        elif kind == "cancelled":
            self._is_draining = True

    def _apply(self, task, time, kind, fields):
        task.finished = time
        if kind == "attemptSucceeded":
            self._complete(task, fields, time)
        elif kind == "cloned":
            task.cloned_from = (fields["fromRun"], fields["fromTask"])
            self._complete(task, fields["nodes"], time)
        elif kind == "attemptFailed":
            task.failure = fields["failure"]
            task.left = {int(node): artifacts for node, artifacts in (fields.get("left") or {}).items()}
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
        self.tasks.append(TaskRecord(len(self.tasks) + 1, step, parents, scopes, nodes, time))

    def _complete(self, task, results, time):
        task.status, task.results = "succeeded", results
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
            count = fields["count"] if is_foreach else len(fields["to"])
            for index in range(count):
                step = fields["to"] if is_foreach else fields["to"][index]
                scope = Scope(task.number, index, count, is_foreach)
                self._create(step, [task.number], task.scopes + [scope], None, time)

    def _arrive(self, task, join, time):
        """A join starts when everything that was fanned out has come to it."""
        if task.nodes is not None:
            self._create(join, [task.number], task.scopes, None, time)
            return
        scope = task.scopes[-1]
        arrived = self._waiting.setdefault(scope.origin, {})
        arrived[scope.index] = task.number
        if len(arrived) == scope.count:
            del self._waiting[scope.origin]
            self._create(join, [arrived[index] for index in sorted(arrived)], task.scopes[:-1], None, time)
