"""The identity under which a task writes checkpoints. Its next attempts, its gang's nodes and later runs find them by
it.
"""

import hashlib
import json
import os
from collections import namedtuple

# Prefix of a run's tag that names a scope in place of its namespace.
TAG = "checkpoint:"
# The step's identity for programs that it starts: in a variable for those that inherit its environment, in a file of
# the task folder for those that the agent starts.
VARIABLE = "METAFLOW_CHECKPOINT_UID"
FILE = "checkpoint.uid"

# scope: shared by later runs. identifier: the same for the same step, or element of a foreach, in every run.
_Identity = namedtuple("Identity", ["flow", "run", "step", "task", "identifier", "scope", "attempt"])


class Identity(_Identity):
    @classmethod
    def of_task(cls, task):
        """Returns a task's identity. All nodes of a gang have that of the control node."""
        attempt = task.description["attempt"]
        control = task.description["parallel"]["controlTaskID"] if task.is_gang else task.description["taskID"]
        return cls(
            attempt["flow"], attempt["run"], attempt["step"], control, _identifier(task), _scope(task.current),
            attempt["attempt"])

    @classmethod
    def of_environment(cls):
        """Returns the identity of the step that has started this program, or None."""
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
        """Stores the identity for programs that the step starts."""
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
    """Returns a digest of the step's name and the elements of the enclosing foreach steps."""
    elements = [element for _, _, element in task.foreach_stack]
    if task.is_gang:
        # The same for all nodes.
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
