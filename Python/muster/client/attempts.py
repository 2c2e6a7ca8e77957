"""The attempts of one task, one by one: what the run's history keeps only the last of."""

import json


class AttemptRecord:
    """One attempt: when it was, and what it left, by node."""

    # running, succeeded, failed, caught or interrupted
    status = "running"
    finished = failure = None
    artifacts = {}

    def __init__(self, number, started):
        self.number, self.started = number, started


def attempts(run, number):
    """The attempts of a task of a run, in order. A task that was taken over from another run has one."""
    found = []
    for time, kind, attempt, payload in run._store.events_of(run._flow, run._run, number):
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
            left = {int(node): artifacts for node, artifacts in (fields.get("left") or {}).items()}
            record.artifacts = _by_node(fields["caught"]) if fields.get("caught") else left
        else:
            record.status = "succeeded"
            record.artifacts = _by_node(fields["nodes"] if kind == "cloned" else fields)
    return found


def _by_node(results):
    return {node: result["artifacts"] for node, result in enumerate(results)}
