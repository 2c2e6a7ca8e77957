"""@checkpoint: a task saves folders while it runs, and its next attempt begins with the last of them."""

from .base import Decorator, step_decorator


class Checkpoint(Decorator):
    """Provides `current.checkpoint`, and loads the last checkpoint before a later attempt's body runs."""

    name = "checkpoint"
    POLICIES = ("fresh", "eager", "none")
    defaults = {"load_policy": "fresh", "show_card": True, "temp_dir_root": None}

    def manifest(self):
        if self._policy not in self.POLICIES:
            self.fail(f"load_policy is {self._policy!r}; there are {', '.join(self.POLICIES)}")
        if not isinstance(self.options["show_card"], bool):
            self.fail(f"show_card is {self.options['show_card']!r}; it is True or False")
        return super().manifest()

    @property
    def _policy(self):
        return self.options["load_policy"] or "fresh"

    def prepare(self, task):
        from ..checkpoints.current import CurrentCheckpoint
        task.checkpoint = CurrentCheckpoint(task, self.options["temp_dir_root"], self.options["show_card"])
        task.checkpoint.begin(self._policy)

    def finish(self, task):
        task.checkpoint.end()

    def failed(self, task, text):
        if task.checkpoint is not None:
            task.checkpoint.end(text)


checkpoint = step_decorator(Checkpoint)
