"""Cards: a page about a task, in one file that needs no network."""

from .components import Artifact, Error, Image, Markdown, ProgressBar, PythonCode, Table, ValueBox, VegaChart

__all__ = [
    "Artifact", "Error", "Image", "Markdown", "ProgressBar", "PythonCode", "Table", "ValueBox", "VegaChart", "get_cards"]


def get_cards(task, id=None, type=None, follow_resumed=True):
    """The cards of a task, a `Task` or its pathspec, as they are by now."""
    from ..client.cards import get_cards
    return get_cards(task, id, type, follow_resumed)
