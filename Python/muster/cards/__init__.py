"""Cards: a page about a task, in one file that needs no network."""

# The module of each name, loaded when it is asked for: most steps with a card need a component or two.
_PLACES = {
    **dict.fromkeys(
        ("Artifact", "Error", "Image", "Markdown", "ProgressBar", "PythonCode", "Table", "ValueBox", "VegaChart"), "components"),
    **dict.fromkeys(("EventsTimeline", "JSONViewer", "YAMLViewer"), "viewers"),
    **dict.fromkeys(("BlankCard", "DefaultCard", "ErrorCard", "MetaflowCard", "PageComponent"), "kinds"),
    "MetaflowCardComponent": "component",
}

__all__ = [*_PLACES, "get_cards"]


def __getattr__(name):
    if name not in _PLACES:
        raise AttributeError(f"module 'muster.cards' has no attribute '{name}'")
    from importlib import import_module
    value = getattr(import_module(f"muster.cards.{_PLACES[name]}"), name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})


def get_cards(task, id=None, type=None, follow_resumed=True):
    """The cards of a task, a `Task` or its pathspec, as they are by now."""
    from ..client.cards import get_cards
    return get_cards(task, id, type, follow_resumed)
