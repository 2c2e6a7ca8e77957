"""Cards: a page about a task, in one HTML file that loads nothing from a network."""

# The module of each name. It is loaded when the name is used: most steps with a card need one or two components.
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
    """Returns the cards of a task, a `Task` or its pathspec, in their present state."""
    from ..client.cards import get_cards
    return get_cards(task, id, type, follow_resumed)
