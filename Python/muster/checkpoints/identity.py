"""The identity under which a task writes checkpoints: its next attempts, all nodes of its gang, and later runs find them by it."""

import hashlib
import json
import os
from collections import namedtuple

# The run's tag that names a scope other than its namespace.
TAG = "checkpoint:"
# Programs that a step starts find its identity in this variable when they inherit the step's own, and in this file of the task
# folder when the agent starts them.
VARIABLE = "METAFLOW_CHECKPOINT_UID"
FILE = "checkpoint.uid"

# scope: in which later runs look for it. identifier: the same for the same step, or element of a loop, of every run.
_Identity = namedtuple("Identity", ["flow", "run", "step", "task", "identifier", "scope", "attempt"])


class Identity(_Identity):
    @classmethod
    def of_task(cls, task):
        """A task's own; of a gang's nodes all have the control node's."""
        attempt = task.description["attempt"]
        control = task.description["parallel"]["controlTaskID"] if task.is_gang else task.description["taskID"]
        return cls(
            attempt["flow"], attempt["run"], attempt["step"], control, _identifier(task), _scope(task.current),
            attempt["attempt"])

    @classmethod
    def of_environment(cls):
        """That of the step that has started this program; None where none has."""
        text = os.environ.get(VARIABLE)
        folder = os.environ.get("MUSTER_TASK_FOLDER")
        if text is None and folder and os.path.exists(os.path.join(folder, FILE)):
            with open(os.path.join(folder, FILE), encoding="utf-8") as file:
                text = file.read()
        if not text or text.count("/") != 6:
            return None
        *words, attempt = text.split("/")
        return cls(*words, int(attempt))

    def leave(self, folder):
        """Lets programs that the step starts find it."""
        text = "/".join(str(each) for each in self)
        os.environ[VARIABLE] = text
        with open(os.path.join(folder, FILE), "w", encoding="utf-8") as file:
            file.write(text)

    @property
    def pathspec(self):
        return f"{self.flow}/{self.run}/{self.step}/{self.task}"


def _scope(current):
    tags = sorted(tag for tag in current.tags if tag.startswith(TAG))
    return _digest(tags[0][len(TAG):] if tags else current.namespace)


def _identifier(task):
    """The step's name, or the elements of the loops that the task is inside of."""
    elements = [element for _, _, element in task.foreach_stack]
    if task.is_gang:
        # Which node it is makes no difference.
        elements[-1] = "gang"
    return _digest(json.dumps([task.step, *(_text(each) for each in elements)]))


def _text(element):
    try:
        return json.dumps(element, sort_keys=True)
    except (TypeError, ValueError):
        import pickle
        return hashlib.sha256(pickle.dumps(element, protocol=4)).hexdigest()


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]
