"""The card that lists a task's checkpoints."""

from types import SimpleNamespace

ID = "task_checkpoints"
# Stands in for a decorator @card(type="blank").
_DECORATOR = SimpleNamespace(kind="blank", is_own=True, options={
    "type": "blank", "id": ID, "timeout": 45, "save_errors": True, "refresh_interval": 5})


class CheckpointCard:
    """A card beside those of the step. Of a gang only the control node makes one."""

    def __init__(self, task, current):
        from ..cards.page_writer import PageWriter
        place = sum(each.name == "card" for each in task.function.decorators)
        self._writer = PageWriter(task, _DECORATOR, place)
        self._current = current

    def refresh(self):
        self._writer.refresh(self._components())

    def finish(self, error=None):
        self._writer.finish(self._components(), error)

    def _components(self):
        from ..cards import Markdown, Table
        begun = self._current.info
        words = "nothing" if begun is None else f"`{begun.name}`, which attempt {begun.attempt} of `{begun.pathspec}` saved at {begun.created_on}"
        rows = [
            [each["name"], each["attempt"], each["version_id"], each["created_on"], each["size"], str(each["metadata"] or ""), each["key"]]
            for each in self._current.list()]
        return [
            Markdown(f"# Checkpoints\nThis attempt began with {words}."),
            Table(rows, headers=["name", "attempt", "version", "saved at", "bytes", "metadata", "key"])]
