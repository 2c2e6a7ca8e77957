"""The task whose step body runs in this process, and the flow that is described.

`current` and the client's default namespace depend on it. It is set by the modules above that run tasks and describe
flows, so that this module imports none of them.
"""


class Running:
    """task: a ``muster.task.task.Task``, None outside of a step. flow: the flow's class, also while it is described."""

    def __init__(self):
        self.task = self.flow = None

    def begin(self, task):
        self.task, self.flow = task, task.flow_class

    def end(self):
        self.task = self.flow = None

    def told(self, field):
        """A field of `task.json`; None outside of a step, and where the field is missing."""
        return self.task and self.task.description.get(field)

    @property
    def namespace(self):
        """The run's namespace: the one that it was started with, or the tag of the user who started it."""
        return self.task and (self.told("namespace") or f"user:{self.told('user')}")


running = Running()
